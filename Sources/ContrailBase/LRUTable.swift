/// A dictionary that remembers only so many keys: at the limit those that were used least recently are forgotten.
///
/// Forgets an eighth at once, so that the search for the oldest costs little per key.
///
/// `@usableFromInline` although it is `package`: see ``Locked``.
@usableFromInline
package struct LRUTable<Key: Hashable, Value> {
    @usableFromInline var entries: [Key: (value: Value, lastUse: UInt64)] = [:]
    @usableFromInline var useCount: UInt64 = 0
    @usableFromInline let capacity: Int

    /// - Parameter capacity: at least 1.
    @inlinable
    package init(capacity: Int) { self.capacity = max(capacity, 1) }

    package var count: Int { entries.count }

    /// Changes the value of `key`, or the one it begins with.
    @inlinable
    package mutating func update<Result>(
        _ key: Key, initial: @autoclosure () -> Value, _ change: (inout Value) -> Result
    ) -> Result {
        useCount += 1
        if entries.count >= capacity, entries[key] == nil { forgetOldest() }
        // In place: the value is not copied out and back.
        if let index = entries.index(forKey: key) { return Self.use(&entries.values[index], useCount, change) }
        var entry = (value: initial(), lastUse: useCount)
        defer { entries[key] = entry }
        return change(&entry.value)
    }

    @inlinable
    static func use<Result>(
        _ entry: inout (value: Value, lastUse: UInt64), _ useCount: UInt64, _ change: (inout Value) -> Result
    ) -> Result {
        entry.lastUse = useCount
        return change(&entry.value)
    }

    @usableFromInline
    mutating func forgetOldest() {
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(max(capacity / 8, 1))
        for (key, _) in oldest { entries[key] = nil }
    }
}
