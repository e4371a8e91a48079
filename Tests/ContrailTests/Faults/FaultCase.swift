import Contrail
import ContrailTesting
import Testing

/// A way in which a peer misbehaves, and what the client makes of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
    enum Ending: Sendable, Equatable {
        /// The call fails with this code.
        case failure(String)
        /// The call has a response with this status.
        case response(Int)
    }

    /// Whether a send that met the fault may be made again.
    enum Repeatability: Sendable, Equatable {
        /// Always: nothing reached the server, and this can be proved.
        case always
        /// If the request is repeatable: the server may have acted on it.
        case ifRepeatable
        /// Likewise, once and at once: the connection had died, which says nothing about the server.
        case ifRepeatableOnce
        /// Never: it would not help, or the caller has the head.
        case never
    }

    var name: String
    var plan: FaultServer.Plan
    var ending: Ending
    var repeatability = Repeatability.ifRepeatable
    /// `error.type` of the last CLIENT span.
    var errorType: String?
    /// The limit that ends it; `nil` if the fault does.
    var deadline: Duration?
    /// How many requests the server sees.
    var requests = 1
    var isTLS = false
    /// Another URL than the server's.
    var url: String?
    var isStreamed = false
    var uploads: String?
    /// The body of the request brings a few bytes and then nothing more.
    var isUploadPaused = false
    var configure: @Sendable (inout HTTPClient.Configuration) -> Void = { _ in }

    var testDescription: String { name }

    /// The fault ends the call.
    static func ends(
        _ name: String, _ plan: FaultServer.Plan, _ ending: Ending, errorType: String? = nil,
        again repeatability: Repeatability = .ifRepeatable, requests: Int = 1
    ) -> Self {
        var type = errorType
        if case .failure(let code) = ending, errorType == nil { type = code }
        return FaultCase(
            name: name, plan: plan, ending: ending, repeatability: repeatability, errorType: type, requests: requests)
    }

    /// Nothing reaches the server.
    static func keepsAway(_ name: String, _ plan: FaultServer.Plan, _ code: String) -> Self {
        ends(name, plan, .failure(code), again: .always, requests: 0)
    }

    /// The call's own time ends it.
    static func outlasts(
        _ name: String, _ plan: FaultServer.Plan, again repeatability: Repeatability = .ifRepeatable, requests: Int = 1
    ) -> Self {
        var result = FaultCase(
            name: name, plan: plan, ending: .failure("deadline_exceeded"), repeatability: repeatability,
            errorType: "timeout", deadline: limit, requests: requests)
        result.configure = { $0.timeout = limit }
        return result
    }

    static let limit = Duration.milliseconds(250)

    func with(_ change: (inout Self) -> Void) -> Self {
        var result = self
        change(&result)
        return result
    }
}
