/// Counts what one call has transferred, and decides what is news: each `mutating func` says whether its input was.
struct TransferCount {
    typealias Value = HTTPCall.Progress.Value
    typealias Count = HTTPCall.Progress.Count

    private(set) var value = Value()
    /// Counts the values; 0: there was none.
    private var number = 0
    private var isOver = false

    /// The newest value, unless its number is `seen`.
    func news(after seen: Int) -> (value: Value, number: Int)? { number == seen ? nil : (value, number) }

    /// A send starts from nothing. One that is older than the newest (hedging) has no say.
    mutating func sendBegins(_ send: Int, uploadTotal: Int64?) -> Bool {
        guard send >= value.sendOrdinal else { return false }
        return set(Value(sendOrdinal: send, upload: Count(totalBytes: uploadTotal)))
    }

    /// The transport took so many more.
    mutating func uploaded(_ bytes: Int, send: Int) -> Bool {
        guard send == value.sendOrdinal else { return false }
        return set { $0.upload.bytes += Int64(bytes) }
    }

    /// The transport has taken so many in all.
    mutating func uploaded(inAll bytes: Int64, send: Int) -> Bool {
        guard send == value.sendOrdinal else { return false }
        return set { $0.upload.bytes = bytes }
    }

    /// That was all, so the total is known.
    mutating func uploadIsComplete(send: Int) -> Bool {
        guard send == value.sendOrdinal else { return false }
        return set { $0.upload.totalBytes = $0.upload.bytes }
    }

    /// So many came in all, of so many.
    mutating func downloaded(inAll bytes: Int64, of total: Int64?) -> Bool {
        set { $0.download = Count(bytes: bytes, totalBytes: total) }
    }

    /// So many more came.
    mutating func downloaded(_ bytes: Int) -> Bool { set { $0.download.bytes += Int64(bytes) } }

    /// That was all, so the total is known.
    mutating func downloadIsComplete() -> Bool { set { $0.download.totalBytes = $0.download.bytes } }

    /// Nothing is news any more.
    mutating func end() { isOver = true }

    private mutating func set(_ change: (inout Value) -> Void) -> Bool {
        var next = value
        change(&next)
        return set(next)
    }

    private mutating func set(_ next: Value) -> Bool {
        guard !isOver, number == 0 || next != value else { return false }
        value = next
        number += 1
        return true
    }
}
