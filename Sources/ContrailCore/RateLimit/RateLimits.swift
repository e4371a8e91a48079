/// How fast a client may send: rules of its own, and what servers say about theirs.
///
/// Every send waits for its turn before it waits for a permit, first come first served; one that cannot start before its
/// deadline is refused at once with ``ClientError/Code/rateLimited``, and takes nothing. A send that is cancelled before
/// it starts gives back what it took.
public struct RateLimits: Sendable, Hashable {
    /// The rules; a send obeys all that apply to it.
    public var rules: [RateLimit]
    /// Whether fields that tell what is left of a quota (RateLimit, X-RateLimit-* and their kin), 429 and Retry-After slow
    /// sends down before they fail: a quota that is used up pauses sends to its origin or key until it is whole again; 429
    /// without a word about when cuts the rules' rates by 30 %, which come back within 10 s. Default true.
    public var followsServer = true
    /// The longest pause that a server can cause. Default 60 s.
    public var maxPause: Duration = .seconds(60)

    /// These rules; without any, only what servers say.
    public init(_ rules: RateLimit...) { self.rules = rules }
}
