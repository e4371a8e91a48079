import ContrailBase
import HTTPTypes

/// What a server tells of one of its quotas in the fields of a response.
///
/// Read are the fields of draft-ietf-httpapi-ratelimit-headers (`RateLimit` with `RateLimit-Policy`, and the three
/// fields of its earlier versions), the X- forms of them, and those with the unit in the name, as AI APIs send them:
/// `x-ratelimit-remaining-tokens`, `anthropic-ratelimit-tokens-remaining`. What cannot be read is as if it was not there.
struct RateLimitReport: Equatable {
    var unit: RateLimit.Unit
    var limit: Int?
    var remaining: Int?
    /// How long until the quota is whole again, from the time of the response.
    var reset: Duration?

    /// Quotas in one response that are looked at; a hostile server may send more.
    private static let maxReports = 16

    /// - Parameter wallNanoseconds: the server's time since 1970-01-01 UTC, for resets that are moments. Read only if
    ///   there is one: it is a date in the fields, as a rule, and most responses have nothing to measure against it.
    static func read(_ headers: HTTPFields, wallNanoseconds: @autoclosure () -> Int64) -> [RateLimitReport] {
        var known: Int64?
        func now() -> Int64 {
            let now = known ?? wallNanoseconds()
            known = now
            return now
        }
        var found: [(group: String, report: RateLimitReport)] = []
        func merge(_ group: String, _ unit: RateLimit.Unit, _ part: (inout RateLimitReport) -> Void) {
            if let index = found.firstIndex(where: { $0.group == group }) { return part(&found[index].report) }
            guard found.count < maxReports else { return }
            found.append((group, RateLimitReport(unit: unit)))
            part(&found[found.count - 1].report)
        }
        for field in headers {
            guard let name = RateLimitFieldName(field.name.canonicalName) else { continue }
            switch name.part {
            case .list:
                for item in RateLimitItem.list(field.value) { merge(item.name, .requests) { item.fill(&$0) } }
            case .limit:
                merge(name.group, name.unit) { $0.limit = leadingNumber(field.value) }
            case .remaining:
                merge(name.group, name.unit) { $0.remaining = leadingNumber(field.value) }
            case .reset:
                merge(name.group, name.unit) {
                    $0.reset = RateLimitReset.delay(field.value, wallNanoseconds: now())
                }
            }
        }
        return found.map(\.report).filter { $0.remaining != nil || $0.reset != nil }
    }

    /// `100` of `100, 100;w=60`.
    static func leadingNumber(_ text: some StringProtocol) -> Int? {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        return Int(String(decoding: digits, as: UTF8.self)) ?? .max
    }
}

/// The meaning of a field's name.
private struct RateLimitFieldName {
    enum Part: String { case list, limit, remaining, reset }
    let part: Part
    let unit: RateLimit.Unit
    /// Fields of one group speak of the same quota.
    let group: String

    /// What a name is held against before it is taken apart: every refused request's fields come through here, and of
    /// those of a usual answer none is of this kind.
    private static let beginnings = ["", "x-", "anthropic-"].flatMap { [$0 + "ratelimit", $0 + "rate-limit"] }

    init?(_ name: String) {
        guard Self.beginnings.contains(where: name.hasPrefix) else { return nil }
        var words = name.split(separator: "-").map { String($0) }
        if words.first == "x" || words.first == "anthropic" { words.removeFirst() }
        if words.count >= 2, words[0] == "rate", words[1] == "limit" {
            words.replaceSubrange(0..<2, with: ["ratelimit"])
        }
        guard words.first == "ratelimit" else { return nil }
        words.removeFirst()
        let part: Part
        if words.isEmpty || words == ["policy"] {
            part = .list
        } else if let found = Part(rawValue: words[0]) {
            part = found
            words.removeFirst()
        } else if let last = words.last, let found = Part(rawValue: last) {
            part = found
            words.removeLast()
        } else {
            return nil
        }
        self.part = part
        group = words.joined(separator: "-")
        switch words.last {
        case nil, "requests", "policy": unit = .requests
        case "tokens": unit = .tokens
        default: return nil
        }
    }
}

/// A member of a `RateLimit` or `RateLimit-Policy` field: `"name";r=1;t=2`, or `limit=3` of the earlier versions.
private struct RateLimitItem {
    let name: String
    private let parameters: [(key: Substring, value: Substring)]

    static func list(_ text: String) -> [RateLimitItem] {
        guard text.utf8.count <= 2048 else { return [] }
        return text.split(separator: ",").compactMap { item in
            var parts = item.split(separator: ";").map { $0.trimmingSpaces }
            guard let first = parts.first else { return nil }
            let isNamed = first.hasPrefix("\"") || !first.contains("=")
            if isNamed { parts.removeFirst() }
            return RateLimitItem(name: isNamed ? String(first) : "", parameters: parts.compactMap { $0.keyAndValue })
        }
    }

    func fill(_ report: inout RateLimitReport) {
        for (key, value) in parameters {
            let number = RateLimitReport.leadingNumber(value)
            switch key {
            case "q", "limit": report.limit = number
            case "r", "remaining": report.remaining = number
            case "t", "reset": report.reset = number.map { .seconds($0) }
            default: break
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }

    fileprivate var keyAndValue: (Substring, Substring)? {
        guard let equals = firstIndex(of: "=") else { return nil }
        return (self[..<equals], self[index(after: equals)...])
    }
}
