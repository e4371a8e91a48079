public import HTTPTypes

/// Which redirects a client follows by itself.
///
/// Always: only 301, 302, 303, 307 and 308 with a Location, only to http and https, never with credentials in the URL.
/// A redirect that is not followed because of ``never`` is returned like any response; one that is refused for another
/// reason fails the call with that response in the error, so that it is not taken for the answer.
public struct RedirectPolicy: Sendable {
    /// The most redirects one call follows. Default 20, as browsers do (Fetch, "HTTP-redirect fetch"); 0: none, the
    /// 3xx is returned. One more is ``ClientError/Code/tooManyRedirects``.
    public var maxRedirects: Int
    /// Whether a redirect may lead from https to http. Default false: what was private would be public.
    public var allowsDowngrade = false
    /// Whether a redirect may lead to another scheme, host or port. Default true.
    public var allowsOtherOrigins = true
    /// A decision of your own, asked last; `nil`: none. Must not block. False refuses the redirect.
    public var isAllowed: (@Sendable (HTTPCall.Redirect) -> Bool)?

    private init(maxRedirects: Int) { self.maxRedirects = maxRedirects }

    /// Follows up to `max` redirects, to any origin, but not from https to http.
    public static func follow(max: Int = 20) -> RedirectPolicy { RedirectPolicy(maxRedirects: max) }

    /// Follows none: a 3xx is returned as it is.
    public static let never = RedirectPolicy(maxRedirects: 0)

    /// Follows up to `max` redirects as long as scheme, host and port stay the same.
    public static func sameOrigin(max: Int = 20) -> RedirectPolicy {
        var policy = follow(max: max)
        policy.allowsOtherOrigins = false
        return policy
    }

    /// Follows up to `max` redirects that `isAllowed` says yes to.
    public static func follow(
        max: Int = 20, where isAllowed: @escaping @Sendable (HTTPCall.Redirect) -> Bool
    ) -> RedirectPolicy {
        var policy = follow(max: max)
        policy.isAllowed = isAllowed
        return policy
    }
}

extension HTTPCall {
    /// One redirect of a call: what led where.
    public struct Redirect: Sendable, Hashable {
        /// The status that said so: 301, 302, 303, 307 or 308.
        public let statusCode: Int
        /// The URL that answered.
        public let source: RequestURL
        /// The URL it named, resolved.
        public let target: RequestURL
        /// The method of the request to the target.
        public let method: HTTPRequest.Method

        /// True if scheme, host or port differ.
        public var isCrossOrigin: Bool { source.origin != target.origin }
    }
}

/// Why a redirect was not followed.
public enum RedirectRefusal: String, Sendable, Hashable {
    /// As many as the policy allows were followed already; a loop ends so as well.
    case tooMany = "too_many"
    /// The Location cannot be read: not a URL, too long, control characters, credentials, or two that differ.
    case invalidLocation = "invalid_location"
    /// The Location is no http or https URL.
    case scheme
    /// From https to http.
    case downgrade
    /// To another origin, and the policy follows none.
    case otherOrigin = "other_origin"
    /// The policy's own decision said no.
    case policy
    /// The body would have to be sent again and cannot be.
    case bodyNotReplayable = "body_not_replayable"
}
