import CContrailOTLP

// The generated C types under names that can be read.
typealias WireValue = ContrailOtlpCommon__AnyValue
typealias WireArray = ContrailOtlpCommon__ArrayValue
typealias WireMap = ContrailOtlpCommon__KeyValueList
typealias WireAttribute = ContrailOtlpCommon__KeyValue
typealias WireScope = ContrailOtlpCommon__InstrumentationScope
typealias WireResource = ContrailOtlpResource__Resource
typealias WireResourceSpans = ContrailOtlpTrace__ResourceSpans
typealias WireScopeSpans = ContrailOtlpTrace__ScopeSpans
typealias WireSpan = ContrailOtlpTrace__Span
typealias WireEvent = ContrailOtlpTrace__Span__Event
typealias WireLink = ContrailOtlpTrace__Span__Link
typealias WireStatus = ContrailOtlpTrace__Status
typealias WireTraceRequest = ContrailOtlpTraceService__ExportTraceServiceRequest
typealias WireTraceResponse = ContrailOtlpTraceService__ExportTraceServiceResponse
typealias WirePartialSuccess = ContrailOtlpTraceService__ExportTracePartialSuccess
typealias WireRPCStatus = ContrailGoogleRpc__Status

/// Sets a fresh message to its defaults and ties it to its descriptor: the generated `…__init` functions.
typealias WireInitializer<Message> = (UnsafeMutablePointer<Message>?) -> Void
