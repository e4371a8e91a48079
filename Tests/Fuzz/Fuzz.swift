import Foundation

/// What libFuzzer calls with every input: the parser that FUZZ_TARGET names.
///
/// Built and run by scripts/fuzz only, with coverage and AddressSanitizer; main is libFuzzer's.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    // SAFETY: libFuzzer lends `count` bytes for the length of the call; they are copied.
    let input = unsafe bytes.map { unsafe Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
    target(input)
    return 0
}

/// Read once. A name that is none ends the run at once: it would only seem to fuzz.
private let target: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = Targets.all[name] else {
        print("FUZZ_TARGET must be one of \(Targets.all.keys.sorted().joined(separator: ", "))")
        exit(64)
    }
    return target
}()
