/// A large value that costs one reference to copy: changed in place while nobody else has it, copied before otherwise.
///
/// `@usableFromInline` although it is `package`: see ``Locked``.
@usableFromInline
package struct Shared<Value: Sendable>: Sendable {
    @usableFromInline var storage: Storage

    @inlinable
    package init(_ value: Value) { storage = Storage(value) }

    @inlinable package var value: Value {
        _read { yield unsafe storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = unsafe Storage(storage.value) }
            yield unsafe &storage.value
        }
    }

    // SAFETY: changed by `_modify` alone, and only while a single value knows it; otherwise it is read. That is also why
    // accesses need no check of their own: the compiler checks those of the value.
    @usableFromInline
    final class Storage: @unchecked Sendable {
        @exclusivity(unchecked) @usableFromInline var value: Value

        @inlinable
        init(_ value: Value) { unsafe self.value = value }
    }
}

extension Shared: Equatable where Value: Equatable {
    @inlinable
    package static func == (a: Self, b: Self) -> Bool { a.storage === b.storage || a.value == b.value }
}

extension Shared: Hashable where Value: Hashable {
    @inlinable
    package func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
