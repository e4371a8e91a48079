import Testing

@testable import ContrailTelemetry

@Suite("TraceState")
struct TraceStateTests {
    static let longKey = String(repeating: "k", count: 256)
    static let longValue = String(repeating: "v", count: 256)
    static let members32 = (0..<32).map { "k\($0)=\($0)" }.joined(separator: ",")

    /// The header, and the list that goes on.
    static let kept: [(String, String)] = [
        ("", ""), ("a=1", "a=1"), ("a=1,b=2", "a=1,b=2"), ("b=2,a=1", "b=2,a=1"),
        // Empty members are allowed, and not sent on.
        ("a=1,", "a=1"), (",a=1", "a=1"), ("a=1,,b=2", "a=1,b=2"), ("a=1,,", "a=1"), (",", ""), (" , ", ""),
        // White space around members goes, inside a value it stays.
        (" a=1 , b=2 ", "a=1,b=2"), ("a=1\t,\tb=2", "a=1,b=2"), ("a= 1", "a= 1"), ("a=1 2", "a=1 2"),
        // Keys of Level 2.
        ("0=1", "0=1"), ("a@b=1", "a@b=1"), ("a@=1", "a@=1"), ("a@@b=1", "a@@b=1"), ("a_-*/@z=1", "a_-*/@z=1"),
        ("\(longKey)=1", "\(longKey)=1"),
        // Values.
        ("a=\(longValue)", "a=\(longValue)"),
        ("a=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~", "a=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~"),
        // Members with the same key all stay.
        ("a=1,a=2", "a=1,a=2"), ("a=1,b=2,a=1", "a=1,b=2,a=1"),
        (members32, members32), (members32 + ",,", members32),
    ]

    static let dropped: [String] = [
        "a", "a=", "=1", "=", "a=1,b", "a=1,b=", "a=1=2", "a=b=c", "A=1", "aB=1", "@a=1", "_a=1", "-a=1", "*a=1",
        "a b=1",
        "a =1", "é=1", "a=é", "a=\u{7F}", "a=1\u{0}", "a=1\tb", "a=1\n", "\(longKey)k=1", "a=\(longValue)v",
        members32 + ",k32=32", "a=1,\u{1}=2", "a.b=1", "a!=1", "a= ", "a=1,B=2,c=3",
    ]

    @Test(arguments: kept) func keepsAValidList(header: String, expected: String) {
        #expect(TraceState.sanitize(header) == expected)
    }

    @Test(arguments: dropped) func dropsAnInvalidListAsAWhole(header: String) {
        #expect(TraceState.sanitize(header).isEmpty)
    }

    @Test func passesOnAtLeast512Characters() {
        let list = "a=\(Self.longValue),b=\(Self.longValue)"
        #expect(TraceState.sanitize(list) == list)
    }

    @Test func whatItLetsThroughItLetsThroughAgain() {
        var generator = SplitMix(state: 2)
        let alphabet = Array("ab1=,@_ -*/\t;A\u{1}".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }
            let list = TraceState.sanitize(String(decoding: bytes, as: UTF8.self))
            #expect(TraceState.sanitize(list) == list)
        }
    }
}
