import ContrailBase

/// libFuzzer around one of our parsers: `Fuzz TARGET [libFuzzer's own arguments and corpus directories]`.
///
/// Built by scripts/fuzz only, with coverage and AddressSanitizer.
@main enum Fuzz {
    nonisolated(unsafe) private static var target: @Sendable ([UInt8]) -> Void = { _ in }

    // SAFETY: `target` is set before the driver starts, which calls back on this thread. The arguments are the process's
    // own, which live as long as it.
    static func main() {
        var arguments = unsafe CommandLine.unsafeArgv
        var count = CommandLine.argc
        guard count > 1, let name = unsafe arguments[1], let found = unsafe Targets.all[String(cString: name)] else {
            print("usage: Fuzz \(Targets.all.keys.sorted().joined(separator: "|")) [ARGUMENTS]")
            return
        }
        unsafe target = found
        // libFuzzer takes what follows: the program's name stays where it expects it.
        unsafe arguments[1] = arguments[0]
        unsafe arguments += 1
        count -= 1
        _ = unsafe runDriver(&count, &arguments) { bytes, count in
            let input = unsafe bytes.map { unsafe Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
            unsafe Fuzz.target(input)
            return 0
        }
    }
}

/// libFuzzer's entry, for programs that have a main of their own (LLVM, "Using libFuzzer as a library").
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
