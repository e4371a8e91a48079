/// Where a request body ends (RFC 9112 §6 and §7.1). Pure: fed with what has arrived, it says how much of it is what.
package struct BodyFraming: Sendable {
    package enum Step: Equatable {
        /// The next so many bytes belong to the body.
        case body(Int)
        /// The next so many bytes are framing: skip them.
        case skip(Int)
        /// More has to arrive first.
        case needsMore
        /// The body is complete.
        case end
        /// That is no chunked body.
        case malformed
    }

    private enum State: Equatable {
        case known(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailers
        case over
        case broken
    }

    private var state: State

    /// The longest line of framing, in bytes.
    private static let maxLineBytes = 65536

    /// By the fields of the head; `nil` if they contradict themselves.
    package init?(contentLength: String?, transferEncoding: String?) {
        if transferEncoding?.lowercased().contains("chunked") == true {
            state = .chunkSize
        } else {
            guard let length = Int(contentLength ?? "0"), length >= 0 else { return nil }
            state = length == 0 ? .over : .known(left: length)
        }
    }

    package var isOver: Bool { state == .over }

    /// What the bytes that have arrived begin with. Each `.body` and `.skip` counts as taken.
    package mutating func next(_ arrived: ArraySlice<UInt8>, atMost limit: Int = .max) -> Step {
        switch state {
        case .over: return .end
        case .broken: return .malformed
        case .known(let left), .chunk(let left):
            let count = min(left, arrived.count, limit)
            guard count > 0 else { return .needsMore }
            advance(by: count, of: left)
            return .body(count)
        case .chunkSize, .chunkEnd, .trailers:
            guard let end = arrived.firstIndex(of: UInt8(ascii: "\n")) else {
                return arrived.count > Self.maxLineBytes ? fail() : .needsMore
            }
            let line = arrived[..<end]
            return read(line: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, length: line.count + 1)
        }
    }

    private mutating func advance(by count: Int, of left: Int) {
        if case .known = state {
            state = count == left ? .over : .known(left: left - count)
        } else {
            state = count == left ? .chunkEnd : .chunk(left: left - count)
        }
    }

    private mutating func read(line: ArraySlice<UInt8>, length: Int) -> Step {
        switch state {
        case .chunkSize:
            let digits = String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let size = Int(digits, radix: 16), size >= 0 else { return fail() }
            state = size == 0 ? .trailers : .chunk(left: size)
        case .chunkEnd:
            guard line.isEmpty else { return fail() }
            state = .chunkSize
        default:
            if line.isEmpty { state = .over }
        }
        return .skip(length)
    }

    private mutating func fail() -> Step {
        state = .broken
        return .malformed
    }
}
