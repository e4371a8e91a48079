import Glibc
import Testing

/// How many runs by chance a rule is held to: blocks of 100 seeds each. 2,000 runs in the everyday suite, 10,000 in
/// `scripts/test --full`.
enum SeededRuns {
    // SAFETY: no test changes the environment.
    static let isFull = unsafe getenv("CONTRAIL_TEST_FULL") != nil
    static let blocks = 0..<(isFull ? 100 : 20)

    static func seeds(of block: Int) -> Range<UInt64> { UInt64(block * 100)..<UInt64(block * 100 + 100) }
}

/// As `#expect`, for rules that are looked at millions of times: costs nothing as long as they hold.
func holds(
    _ condition: Bool, _ rule: @autoclosure () -> String = "a rule was broken",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    if !condition { Issue.record(Comment(rawValue: rule()), sourceLocation: sourceLocation) }
}
