// One import is enough for a user: the vocabulary of requests and of errors comes with the client.
@_exported public import ContrailBase
@_exported public import ContrailCore
@_exported public import ContrailTelemetry
@_exported public import HTTPTypes
