import HTTPTypes

/// Decides after every response of one call whether it leads elsewhere, and how. Pure.
struct RedirectSession {
    enum Decision {
        /// The response is the call's.
        case finish
        /// Send this instead.
        case follow(WireRequest, HTTPCall.Redirect)
        /// It is a redirect that must not be followed.
        case refuse(RedirectRefusal, detail: String)
    }

    private let policy: RedirectPolicy
    private let rules: RedirectRules
    private var followed = 0

    init(policy: RedirectPolicy, secretHeaders: Set<String>) {
        self.policy = policy
        rules = RedirectRules(secretHeaders: secretHeaders)
    }

    mutating func decide(after head: ResponseHead, to request: WireRequest) -> Decision {
        guard policy.maxRedirects > 0, RedirectRules.isRedirect(head.status.code) else { return .finish }
        switch RedirectLocation.read(head.headers, base: request.url) {
        case .absent: return .finish
        case .invalid(let refusal, let detail): return .refuse(refusal, detail: detail)
        case .url(let target): return decide(after: head, to: request, target)
        }
    }

    private mutating func decide(
        after head: ResponseHead, to request: WireRequest, _ target: RequestURL
    ) -> Decision {
        let status = head.status.code
        let method = RedirectRules.method(after: status, of: request.method)
        let redirect = HTTPCall.Redirect(
            statusCode: status, source: request.url, target: target, method: method)
        if let (refusal, detail) = refusal(of: redirect) { return .refuse(refusal, detail: detail) }
        guard let next = rules.request(after: redirect, from: request) else {
            return .refuse(.bodyNotReplayable, detail: "The body can be sent only once.")
        }
        followed += 1
        return .follow(next, redirect)
    }

    private func refusal(of redirect: HTTPCall.Redirect) -> (RedirectRefusal, String)? {
        let target = redirect.target.origin
        if followed >= policy.maxRedirects { return (.tooMany, "\(policy.maxRedirects) were followed already.") }
        if !policy.allowsDowngrade, redirect.source.origin.scheme == .https, target.scheme == .http {
            return (.downgrade, "It leads from https to \(target); allow it with redirects.allowsDowngrade.")
        }
        if !policy.allowsOtherOrigins, redirect.isCrossOrigin {
            return (.otherOrigin, "It leads to \(target); the policy stays with \(redirect.source.origin).")
        }
        if let isAllowed = policy.isAllowed, !isAllowed(redirect) {
            return (.policy, "The policy does not allow \(target).")
        }
        return nil
    }
}
