/// What elements call for that came into the queue at once: the first perhaps for the timer, the last for the worker.
struct DueActions: Equatable {
    private(set) var armsTimer = false
    private(set) var startsWorker = false

    mutating func add<Element, Waiter>(_ action: BatchQueue<Element, Waiter>.EnqueueAction) {
        switch action {
        case .none: break
        case .armTimer: armsTimer = true
        case .startWorker: startsWorker = true
        }
    }
}
