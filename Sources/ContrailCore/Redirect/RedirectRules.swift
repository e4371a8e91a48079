import ContrailBase
import HTTPTypes

/// What a redirect does to a request (RFC 9110 §15.4).
struct RedirectRules {
    /// Names of the client's own secret fields, in lower case, beside the ones that everybody knows.
    let secretHeaders: Set<String>

    /// 300 offers a choice, 304 is an answer, 305 and 306 are history.
    static func isRedirect(_ statusCode: Int) -> Bool {
        switch statusCode {
        case 301, 302, 303, 307, 308: true
        default: false
        }
    }

    /// §15.4.2 to §15.4.9: a POST may become a GET on 301 and 302, as everybody does; everything does on 303.
    static func method(after status: Int, of method: HTTPRequest.Method) -> HTTPRequest.Method {
        switch status {
        case 301, 302: method == .post ? .get : method
        case 303: method == .head ? .head : .get
        default: method
        }
    }

    /// The request to the target; `nil` if it would need a body that is gone.
    func request(after redirect: HTTPCall.Redirect, from request: WireRequest) -> WireRequest? {
        var next = request
        next.url = redirect.target
        next.redirectCount += 1
        if redirect.method != request.method {
            next.method = redirect.method
            next.body = nil
            Self.removeContentFields(&next.headers)
        } else if let body = request.body, !body.canBeSent {
            return nil
        }
        if redirect.isCrossOrigin { removeOriginFields(&next.headers) }
        return next
    }

    /// They speak of a body that is not sent any more.
    private static func removeContentFields(_ headers: inout HTTPFields) {
        headers.removeAll { name in name.hasPrefix("content-") || Self.bodyFields.contains(name) }
    }

    /// What was meant for the old origin's eyes. Once gone it stays gone, also when a later redirect leads back.
    private func removeOriginFields(_ headers: inout HTTPFields) {
        headers.removeAll { name in
            Self.originFields.contains(name) || Redaction.secretHeaders.contains(name) || secretHeaders.contains(name)
        }
    }

    private static let bodyFields: Set<String> = [
        "transfer-encoding", "expect", "trailer", "digest", "repr-digest", "last-modified",
    ]

    /// Host is the transport's to write anew; Referer and Origin name the old place; baggage is not for third parties.
    private static let originFields: Set<String> = ["host", "referer", "origin", "baggage"]
}

extension HTTPFields {
    fileprivate mutating func removeAll(where shouldRemove: (String) -> Bool) {
        guard contains(where: { shouldRemove($0.name.canonicalName) }) else { return }
        self = HTTPFields(filter { !shouldRemove($0.name.canonicalName) })
    }
}
