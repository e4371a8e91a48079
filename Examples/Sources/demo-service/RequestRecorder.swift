import CallChain
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Reports every request head that comes off the socket, before any application code sees it: also the one that is never
/// answered. So the demo counts what was on the wire, not what the servers' spans say.
final class RequestRecorder: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let hangUps: FaultCounter

    init(hangUps: FaultCounter) { self.hangUps = hangUps }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let request) = unwrapInboundIn(data) {
            StandardOutput.write(.received(traceparent: Self.traceparent(of: request)))
            if hangUps.takeOne() { return context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    // Exactly one is right. More than one would have been sent by adding where replacing is meant.
    private static func traceparent(of request: HTTPRequest) -> String? {
        guard let name = HTTPField.Name("traceparent") else { return nil }
        let values = request.headerFields[values: name]
        return values.count == 1 ? values[0] : nil
    }
}

extension HTTP1Channel.Configuration {
    static func recordingRequests(for launch: ServiceLaunch) -> Self {
        let hangUps = FaultCounter(launch.behaviour == .hangsUpOnce ? launch.behaviour.failures : 0)
        return Self(additionalChannelHandlers: [RequestRecorder(hangUps: hangUps)])
    }
}
