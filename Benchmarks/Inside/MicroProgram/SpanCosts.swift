import Contrail
import MicroKit
import Tracing

/// A span from its start to its end, with ten attributes.
enum SpanCosts {
    private static let count = 50_000

    static func all() -> [(String, Double)] {
        let sampled = tracer(Telemetry.AlwaysOnSampler())
        let dropped = tracer(Telemetry.AlwaysOffSampler())
        return [
            ("span, sampled, native", native(sampled)), ("span, dropped, native", native(dropped)),
            ("span, sampled, attributes one by one", oneByOne(sampled)),
            ("span, dropped, attributes one by one", oneByOne(dropped)),
            ("span, sampled, standard API", standard(sampled)), ("span, dropped, standard API", standard(dropped)),
            ("span, no tracer, standard API", standard(NoOpTracer())),
        ]
    }

    static func tracer(_ sampler: any Telemetry.Sampler) -> Telemetry.Tracer {
        Telemetry.TracerProvider(resource: Telemetry.Resource(), sampler: sampler, processors: [Discarding()])
            .tracer(name: "bench")
    }

    private static func native(_ tracer: Telemetry.Tracer) -> Double {
        let parent = Sample.context
        return Stopwatch.perUnit {
            for index in 0..<count {
                let span = tracer.startSpan(
                    "GET", parent: parent, kind: .client, attributes: Sample.attributes(index))
                span.end()
            }
            return count
        }
    }

    private static func oneByOne(_ tracer: Telemetry.Tracer) -> Double {
        let parent = Sample.context
        return Stopwatch.perUnit {
            for index in 0..<count {
                let span = tracer.startSpan("GET", parent: parent, kind: .client)
                span.setAttribute("http.request.method", .string("GET"))
                span.setAttribute("url.full", .string(Sample.url))
                span.setAttribute("server.address", .string("api.example.com"))
                span.setAttribute("server.port", .int(443))
                span.setAttribute("url.scheme", .string("https"))
                span.setAttribute("network.protocol.version", .string("1.1"))
                span.setAttribute("network.peer.address", .string("192.0.2.17"))
                span.setAttribute("network.peer.port", .int(443))
                span.setAttribute("http.response.status_code", .int(200))
                span.setAttribute("http.request.resend_count", .int(Int64(index)))
                span.end()
            }
            return count
        }
    }

    /// As a user of swift-distributed-tracing writes it: the tracer is known by its protocol only.
    private static func standard(_ tracer: any Tracing.Tracer) -> Double {
        var context = ServiceContext.topLevel
        context.spanContext = Sample.context
        return Stopwatch.perUnit {
            for index in 0..<count {
                let span = tracer.startAnySpan("GET", context: context, ofKind: .client)
                span.updateAttributes { attributes in
                    attributes["http.request.method"] = "GET"
                    attributes["url.full"] = "\(Sample.url)"
                    attributes["server.address"] = "api.example.com"
                    attributes["server.port"] = 443
                    attributes["url.scheme"] = "https"
                    attributes["network.protocol.version"] = "1.1"
                    attributes["network.peer.address"] = "192.0.2.17"
                    attributes["network.peer.port"] = 443
                    attributes["http.response.status_code"] = 200
                    attributes["http.request.resend_count"] = index
                }
                span.end()
            }
            return count
        }
    }
}

/// Takes spans and forgets them.
struct Discarding: Telemetry.SpanProcessor {
    func onStart(_ span: Telemetry.Span, in context: ServiceContext) {}
    func onEnd(_ span: Telemetry.SpanData) { keep(span) }
    func forceFlush(timeout: Duration) async -> Telemetry.FlushResult { .success }
    func shutdown(timeout: Duration) async -> Telemetry.FlushResult { .success }
}
