import HTTPTypes

/// What of a representation is on the disk, and what to ask for next. Pure.
///
/// A part is only ever continued under a strong validator, by Range with If-Range (RFC 9110 §13.1.5): either the server
/// has the very same bytes, or it sends all of the new ones.
struct DownloadPlan: Equatable {
    enum Decision: Equatable {
        /// The body belongs at this offset. Zero: what is there is out of date.
        case write(at: Int64)
        /// Everything is there already.
        case complete
        /// What is there is of no use: ask again, for all of it.
        case startOver
        /// It is no success: the caller's to judge.
        case refuse
        /// It is not what was asked for.
        case invalid(String)
    }

    /// Bytes on the disk that belong to the representation.
    private(set) var received: Int64
    /// The strong entity tag that they belong to; `nil`: they cannot be continued.
    private(set) var validator: String?
    /// The length of the representation, if known.
    private(set) var total: Int64?
    /// What the response under way may bring at most; `nil`: not known.
    private var expected: Int64?
    private var hasStartedOver = false

    /// Longer ones are not kept: RFC 9110 knows no limit, files beside the download have one.
    static let maxValidatorBytes = 1024

    init(received: Int64 = 0, validator: String? = nil, total: Int64? = nil) {
        let fits = validator != nil && total.map { received <= $0 } ?? true
        self.received = fits ? received : 0
        self.validator = fits ? validator : nil
        self.total = fits ? total : nil
    }

    /// True if there is a part that can be continued.
    var canContinue: Bool { received > 0 && validator != nil }

    /// Asks for what is missing. Bytes are counted as they are stored on the server, so no coding on the way.
    func prepare(_ headers: inout HTTPFields) {
        if !headers.contains(.acceptEncoding) { headers[.acceptEncoding] = "identity" }
        guard canContinue else { return }
        headers[.range] = "bytes=\(received)-"
        headers[.ifRange] = validator
    }

    mutating func begin(status: Int, headers: HTTPFields) -> Decision {
        switch status {
        case 206: return canContinue ? part(headers) : .invalid("It is a part (206) that nobody asked for.")
        case 200..<300: return whole(headers)
        case 416 where canContinue:
            guard case .unsatisfied(received)? = headers[.contentRange].flatMap(ContentRange.init) else {
                return startOver("The range was refused (416)")
            }
            return .complete
        default: return .refuse
        }
    }

    /// So many more bytes came; false if that is more than the response announced.
    mutating func receive(_ count: Int) -> Bool {
        received += Int64(count)
        guard let left = expected else { return true }
        expected = left - Int64(count)
        return left >= Int64(count)
    }

    /// The body of the response ended well: is that all?
    var isComplete: Bool { total.map { received == $0 } ?? true }

    private mutating func whole(_ headers: HTTPFields) -> Decision {
        received = 0
        total = headers[.contentLength].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
        // A coded body has another length than what is counted here, should somebody have decoded it.
        if headers.contains(.contentEncoding) { total = nil }
        expected = total
        validator = headers[.acceptRanges] == "none" ? nil : headers[.eTag].flatMap(Self.strong)
        return .write(at: 0)
    }

    private mutating func part(_ headers: HTTPFields) -> Decision {
        guard case .part(let first, let last, let whole)? = headers[.contentRange].flatMap(ContentRange.init) else {
            return startOver("It is a part without a Content-Range of bytes")
        }
        guard first == received else { return startOver("It is another part than asked for") }
        guard headers[.eTag].map({ $0 == validator }) ?? true, total == nil || whole == nil || total == whole else {
            return startOver("It is a part of something else")
        }
        total = total ?? whole
        expected = last - first + 1
        return .write(at: received)
    }

    private mutating func startOver(_ what: String) -> Decision {
        guard !hasStartedOver else { return .invalid(what + ", twice.") }
        self = DownloadPlan()
        hasStartedOver = true
        return .startOver
    }

    /// RFC 9110 §8.8.3: a weak tag begins with `W/`, a strong one with its quote.
    private static func strong(_ tag: String) -> String? {
        guard tag.utf8.count >= 2, tag.utf8.count <= maxValidatorBytes, tag.hasPrefix("\""), tag.hasSuffix("\"") else {
            return nil
        }
        return tag
    }
}
