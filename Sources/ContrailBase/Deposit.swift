public import Synchronization

/// A value behind a lock for which those who only bring an item never wait: who finds it held leaves the item beside it, and
/// whoever holds the value takes the item along.
///
/// Nothing that was left stays: an item is left before the lock is tried once more, and a holder looks for items behind
/// its release (``takeLeft(_:)``); one of the two comes later, and finds it.
///
/// `@usableFromInline` although it is `package`: see ``Locked``.
@usableFromInline
package final class Deposit<Value: Sendable, Item: Sendable>: Sendable {
    @usableFromInline let value: Locked<Value>
    /// Held for an append or a swap, alone or inside `value`'s lock, never around it.
    @usableFromInline let left = Locked<[Item]>([])
    @usableFromInline let leftCount = Atomic<Int>(0)
    @usableFromInline let take: @Sendable (inout Value, Item) -> Void

    /// - Parameter take: puts an item into the value. Decides only: it runs under the lock.
    @inlinable
    package init(_ value: Value, take: @escaping @Sendable (inout Value, Item) -> Void) {
        self.value = Locked(value)
        self.take = take
    }

    /// Brings `item` without waiting; `body` runs behind it. `nil`: another holds the value, and will take the item along.
    @inlinable
    package func bring<Result: Sendable>(_ item: Item, _ body: (inout Value) -> Result) -> Result? {
        let result = value.withLockIfAvailable { value in
            takeLeft(into: &value)
            take(&value, item)
            return body(&value)
        }
        if let result { return result }
        left.withLock { left in
            left.append(item)
            leftCount.store(left.count, ordering: .sequentiallyConsistent)
        }
        return takeLeft(body)
    }

    /// Waits for the value. To be followed by ``takeLeft(_:)`` until that returns `nil`.
    @inlinable
    package func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        value.withLock { value in
            takeLeft(into: &value)
            return body(&value)
        }
    }

    /// Takes what others left, then runs `body`; does not wait. `nil`: nothing is left, or another holds the value.
    @inlinable
    package func takeLeft<Result: Sendable>(_ body: (inout Value) -> Result) -> Result? {
        // Between leaving or releasing before, and looking here: the order on which the promise above rests.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard leftCount.load(ordering: .sequentiallyConsistent) > 0 else { return nil }
        return value.withLockIfAvailable { value in
            takeLeft(into: &value)
            return body(&value)
        }
    }

    @inlinable
    func takeLeft(into value: inout Value) {
        guard leftCount.load(ordering: .sequentiallyConsistent) > 0 else { return }
        let items = left.withLock { left in
            defer { left = [] }
            leftCount.store(0, ordering: .sequentiallyConsistent)
            return left
        }
        for item in items { take(&value, item) }
    }
}
