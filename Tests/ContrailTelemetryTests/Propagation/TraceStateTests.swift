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
        #expect(Telemetry.TraceState.sanitize(header) == expected)
    }

    @Test(arguments: dropped) func dropsAnInvalidListAsAWhole(header: String) {
        #expect(Telemetry.TraceState.sanitize(header).isEmpty)
    }

    @Test func passesOnAtLeast512Characters() {
        let list = "a=\(Self.longValue),b=\(Self.longValue)"
        #expect(Telemetry.TraceState.sanitize(list) == list)
    }

    @Test func whatItLetsThroughItLetsThroughAgain() {
        var generator = SplitMix(state: 2)
        let alphabet = Array("ab1=,@_ -*/\t;A\u{1}".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }
            let list = Telemetry.TraceState.sanitize(String(decoding: bytes, as: UTF8.self))
            #expect(Telemetry.TraceState.sanitize(list) == list)
        }
    }
}

/// Changing a list (W3C Trace Context Level 2 §3.5; OTel Trace API, "TraceState").
@Suite("TraceState changes")
struct TraceStateChangeTests {
    @Test func readsMembers() {
        let list = Telemetry.TraceState("a=1, b= 2,a=3")
        #expect(list["a"] == "1" && list["b"] == " 2" && list["c"] == nil)
        #expect(list.keys == ["a", "b", "a"])
        #expect(list.description == "a=1,b= 2,a=3")
        #expect(Telemetry.TraceState("nonsense").keys.isEmpty)
    }

    @Test func whatWasSetLastStandsFirst() {
        var list = Telemetry.TraceState("a=1,b=2,c=3")
        let results = [list.set("b", to: "4"), list.set("d", to: "5")]
        #expect(results == [true, true])
        #expect(list.description == "d=5,b=4,a=1,c=3")
        list.remove("a")
        #expect(list.description == "d=5,b=4,c=3")
    }

    @Test(arguments: [
        ("A", "1"), ("", "1"), ("@a", "1"), ("a", ""), ("a", "1,b=2"), ("a", "1=2"), ("a", "é"), ("a", "1\r\n"),
        ("a", "1 "),
        ("a", String(repeating: "v", count: 257)), (String(repeating: "k", count: 257), "1"),
    ]) func anInvalidChangeIsNotMade(key: String, value: String) {
        var list = Telemetry.TraceState("a=1,b=2")
        let isSet = list.set(key, to: value)
        #expect(!isSet && list.description == "a=1,b=2")
    }

    @Test func aFullListLosesItsLastMember() {
        var list = Telemetry.TraceState(TraceStateTests.members32)
        list.set("new", to: "1")
        #expect(list.keys.count == 32 && list.keys.first == "new" && list.keys.last == "k30")
        list.set("k30", to: "2")
        #expect(list.keys.count == 32 && list.keys.last == "k29")
    }
}
