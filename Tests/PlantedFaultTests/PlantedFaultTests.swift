import Foundation
import Testing

/// Faults on purpose. A sanitizer run proves nothing unless it is seen to find one: the sanitizer jobs of `scripts/test`
/// run one of these, in the same build and under the same suppressions as the suite, and require the report.
@Suite struct PlantedFaultTests {
    /// Without the variable every test of this suite is skipped, so an ordinary run never sees a fault.
    static let planted = ProcessInfo.processInfo.environment["CONTRAIL_PLANTED_FAULT"]

    @Test(.enabled(if: planted == "race")) func race() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<10_000 { unsafe PlantedFaults.counter += 1 } }
            }
        }
        #expect(unsafe PlantedFaults.counter > 0)
    }

    @Test(.enabled(if: planted == "use-after-free")) func useAfterFree() {
        #expect(PlantedFaults.readFreedMemory() >= 0)
    }

    @Test(.enabled(if: planted == "leak")) func leak() {
        #expect(PlantedFaults.leakMemory() == 64)
    }
}

private enum PlantedFaults {
    // SAFETY: not safe; this is the race that ThreadSanitizer must find. Only the planted test touches it.
    nonisolated(unsafe) static var counter = 0

    // SAFETY: not safe; this is the use after free that AddressSanitizer must find.
    @inline(never) static func readFreedMemory() -> Int {
        let memory = UnsafeMutablePointer<Int>.allocate(capacity: 8)
        unsafe memory.initialize(repeating: 1, count: 8)
        unsafe memory.deallocate()
        return unsafe abs(memory.pointee)
    }

    // SAFETY: not safe; this is the leak that LeakSanitizer must find: nobody keeps the pointer.
    @inline(never) static func leakMemory() -> Int {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 1, count: 64)
        return unsafe UnsafeMutableRawBufferPointer(start: memory, count: 64).count
    }
}
