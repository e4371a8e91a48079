/// Which threads a pool has, what they do, and what waits for one: first come, first served.
///
/// Pure: threads are numbers, jobs are values. A job is handed out once, or waits; the threads together never exceed the
/// limit. The line of jobs has no limit of its own: each is a task that its caller made and that waits for it.
package struct BlockingRoster<Job> {
    package typealias ThreadNumber = Int

    package enum Arrival: Equatable {
        /// A parked thread has to be woken: it will ask for the job.
        case wake(ThreadNumber)
        /// A thread has to be made: it will ask for the job.
        case start(ThreadNumber)
        /// All threads are busy: the next that is done takes it.
        case wait
    }

    package enum Turn {
        case run(Job)
        case park
    }

    package enum Expiry: Equatable {
        /// The thread ends.
        case end
        /// It was woken at the same moment: the wake is on its way, and a job may be there.
        case stay
    }

    private let maxThreads: Int
    private var line = JobLine<Job>()
    /// The longest parked first: the last to be parked is the first to be woken, so that the others may end.
    private var parked: [ThreadNumber] = []
    private var lastNumber = 0
    /// Threads that there are, those being made included.
    package private(set) var threadCount = 0
    package var parkedCount: Int { parked.count }
    package var waitingCount: Int { line.count }

    package init(maxThreads: Int) { self.maxThreads = max(1, maxThreads) }

    package mutating func arrive(_ job: Job) -> Arrival {
        line.append(job)
        if let thread = parked.popLast() { return .wake(thread) }
        guard threadCount < maxThreads else { return .wait }
        threadCount += 1
        lastNumber += 1
        return .start(lastNumber)
    }

    /// A thread has nothing to do.
    package mutating func next(_ thread: ThreadNumber) -> Turn {
        if let job = line.popFirst() { return .run(job) }
        parked.append(thread)
        return .park
    }

    /// A thread was parked for as long as one may be.
    package mutating func expire(_ thread: ThreadNumber) -> Expiry {
        guard let index = parked.firstIndex(of: thread) else { return .stay }
        parked.remove(at: index)
        threadCount -= 1
        return .end
    }

    /// The system had no thread to give. What nobody is left to take is handed back.
    package mutating func startFailed() -> [Job] {
        threadCount -= 1
        guard threadCount == 0 else { return [] }
        var jobs: [Job] = []
        while let job = line.popFirst() { jobs.append(job) }
        return jobs
    }
}

/// First in, first out, in constant time on average. This room knows no collections but the standard library's.
private struct JobLine<Job> {
    private var jobs: [Job?] = []
    private var head = 0

    var count: Int { jobs.count - head }

    mutating func append(_ job: Job) { jobs.append(job) }

    mutating func popFirst() -> Job? {
        guard head < jobs.count else { return nil }
        defer { jobs[head] = nil; head += 1; compact() }
        return jobs[head]
    }

    private mutating func compact() {
        guard head == jobs.count || head >= 64 && head * 2 >= jobs.count else { return }
        jobs.removeFirst(head)
        head = 0
    }
}
