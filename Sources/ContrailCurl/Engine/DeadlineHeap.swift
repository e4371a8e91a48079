import ContrailBase

/// Something that waits in a ``DeadlineHeap`` and remembers where.
protocol HeapMember: AnyObject {
    /// The member's position; -1 while it is in no heap. Written by the heap only.
    var heapIndex: Int { get set }
}

/// A binary heap of deadlines in which every member knows its place, so that moving and removing cost O(log n).
///
/// Most deadlines never fire: they are removed when the transfer ends. A later deadline than all others, the usual
/// case, is inserted in O(1).
struct DeadlineHeap<Member: HeapMember> {
    private var nodes: [(at: Int64, member: Member)] = []

    var isEmpty: Bool { nodes.isEmpty }
    var count: Int { nodes.count }
    /// When the first deadline passes.
    var earliest: MonotonicInstant? { nodes.first.map { MonotonicInstant(nanoseconds: $0.at) } }

    /// Inserts `member`, or moves it if it is there already.
    mutating func set(_ member: Member, to deadline: MonotonicInstant) {
        let at = deadline.nanoseconds
        let index = member.heapIndex
        guard index >= 0 else {
            nodes.append((at, member))
            member.heapIndex = nodes.count - 1
            return siftUp(nodes.count - 1)
        }
        nodes[index].at = at
        siftUp(index)
        siftDown(member.heapIndex)
    }

    /// Takes `member` out; does nothing if it is not in.
    mutating func remove(_ member: Member) {
        let index = member.heapIndex
        guard index >= 0 else { return }
        member.heapIndex = -1
        let last = nodes.removeLast()
        guard index < nodes.count else { return }
        nodes[index] = last
        last.member.heapIndex = index
        siftUp(index)
        siftDown(last.member.heapIndex)
    }

    /// Takes out the member whose deadline is `now` or earlier, the earliest first.
    mutating func popDue(_ now: MonotonicInstant) -> Member? {
        guard let first = nodes.first, first.at <= now.nanoseconds else { return nil }
        remove(first.member)
        return first.member
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard nodes[child].at < nodes[parent].at else { return }
            exchange(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            let left = 2 * parent + 1
            guard left < nodes.count else { return }
            let right = left + 1
            let smaller = right < nodes.count && nodes[right].at < nodes[left].at ? right : left
            guard nodes[smaller].at < nodes[parent].at else { return }
            exchange(smaller, parent)
            parent = smaller
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        nodes.swapAt(a, b)
        nodes[a].member.heapIndex = a
        nodes[b].member.heapIndex = b
    }
}
