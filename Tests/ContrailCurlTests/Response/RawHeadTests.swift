import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite struct RawHeadTests {
    @Test func fieldsKeepTheirOrderAndLoseTheirSpace() {
        let fields = RawHead.parse(Array("HTTP/1.1 200 OK\nB:  2 \t\nA: 1\nB:3\nEmpty:\n".utf8))
        #expect(fields.map { "\($0.name.rawName)=\($0.value)" } == ["B=2", "A=1", "B=3", "Empty="])
    }

    @Test func whatIsNoFieldIsLeftOut() {
        let fields = RawHead.parse(Array("HTTP/1.1 200 OK\nno colon\nbad name: 1\n: 2\nGood: 3\n".utf8))
        #expect(fields.map(\.value) == ["3"])
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\nA: 1\n", "OK"), ("HTTP/1.1 404 Not Found\n", "Not Found"), ("HTTP/2 200 \n", ""),
        ("HTTP/1.1 200\n", ""), ("", ""),
    ])
    func theReasonIsWhatFollowsTheCode(head: String, reason: String) {
        #expect(RawHead.reason(Array(head.utf8)) == reason)
    }

    @Test func randomBytesDoNoHarm() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<200, using: &generator)).map { _ in
                [10, 13, 32, 58, 65, 0xE9, 0x7F].randomElement(using: &generator) ?? UInt8(0)
            }
            _ = RawHead.parse(bytes)
            _ = RawHead.reason(bytes)
        }
    }
}
