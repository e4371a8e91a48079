/// What a turn of a loop has for tasks: answers, and news of bodies. Each wakes a task.
struct Deliveries: Sendable {
    private(set) var answered: [Transfer] = []
    private(set) var pipesWithNews: [BodyPipe] = []

    var count: Int { answered.count + pipesWithNews.count }

    /// Nothing but ``deliver()`` touches the transfer's answer from here on.
    mutating func append(_ transfer: Transfer) { answered.append(transfer) }

    /// Once is enough; and whoever is handed the head finds what is there already.
    mutating func append(_ pipe: BodyPipe) {
        guard pipesWithNews.last !== pipe, answered.last?.pipe !== pipe else { return }
        pipesWithNews.append(pipe)
    }

    mutating func append(_ other: Deliveries) {
        answered += other.answered
        pipesWithNews += other.pipesWithNews
    }

    /// On any thread, under no lock but the loop's turn. Nothing is left.
    mutating func deliver() {
        for transfer in answered { transfer.deliver() }
        answered.removeAll(keepingCapacity: true)
        for pipe in pipesWithNews { pipe.wakeConsumer() }
        pipesWithNews.removeAll(keepingCapacity: true)
    }
}
