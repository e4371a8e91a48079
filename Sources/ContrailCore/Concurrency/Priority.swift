/// How urgent a request is, while it waits for a permit: higher goes first, within one first come first served.
///
/// Strict: the lower waits as long as a higher does, no longer than its deadline. When the queue is full, the youngest of the
/// lowest makes room for a higher.
public enum Priority: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Work that can wait: prefetching, bulk loads.
    case low
    /// The default.
    case normal
    /// Somebody is looking at the screen.
    case high

    /// Lower is smaller.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
