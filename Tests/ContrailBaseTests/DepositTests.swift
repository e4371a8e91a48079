import ContrailBase
import Dispatch
import Testing

@Suite(.timeLimit(.minutes(1))) struct DepositTests {
    private func deposit() -> Deposit<[Int], Int> { Deposit([]) { $0.append($1) } }

    @Test func whatIsBroughtIsTakenAtOnceIfNobodyHoldsTheValue() {
        let deposit = deposit()
        #expect(deposit.bring(1) { $0 } == [1])
        #expect(deposit.bring(2) { $0 } == [1, 2])
        #expect(deposit.takeLeft { $0 } == nil)
    }

    /// On a thread of its own: the lock must be held by another than who brings.
    @Test func bringingDoesNotWaitForWhoHoldsTheValue() {
        let deposit = deposit()
        let brought = DispatchSemaphore(value: 0)
        let answer = Locked<[Int]?>([])
        deposit.withLock { value in
            DispatchQueue.global().async {
                let result = deposit.bring(1) { $0 }
                answer.withLock { $0 = result }
                brought.signal()
            }
            brought.wait()
            #expect(value.isEmpty)
        }
        #expect(answer.withLock { $0 } == nil)
        // Who held it takes it along.
        #expect(deposit.takeLeft { $0 } == [1])
        #expect(deposit.takeLeft { $0 } == nil)
    }

    @Test func whatWasLeftComesBeforeWhatIsDoneNext() {
        let deposit = deposit()
        leave(1, in: deposit)
        #expect(deposit.withLock { $0 } == [1])
        leave(2, in: deposit)
        #expect(deposit.bring(3) { $0 } == [1, 2, 3])
    }

    /// Nobody brings or takes behind the last: whatever was left must have been found by then.
    @Test func nothingThatWasLeftStays() {
        for _ in 0..<200 {
            let deposit = deposit()
            DispatchQueue.concurrentPerform(iterations: 8) { number in
                for item in 0..<50 {
                    if item % 10 == number % 10 {
                        deposit.withLock { _ in }
                    } else {
                        guard deposit.bring(item, { _ in }) != nil else { continue }
                    }
                    while deposit.takeLeft({ _ in }) != nil {}
                }
            }
            let count = Locked(0)
            // Not by withLock, which would take what was left.
            #expect(deposit.takeLeft { _ in } == nil)
            deposit.withLock { value in count.withLock { $0 = value.count } }
            #expect(count.withLock { $0 } == 8 * 45)
        }
    }

    private func leave(_ item: Int, in deposit: Deposit<[Int], Int>) {
        let done = DispatchSemaphore(value: 0)
        deposit.withLock { _ in
            DispatchQueue.global().async {
                _ = deposit.bring(item) { $0 }
                done.signal()
            }
            done.wait()
        }
    }
}
