import Testing

@testable import ContrailTesting

@Suite struct BodyFramingTests {
    /// What comes out of `text`, fed in pieces that end at `cuts`.
    private func decode(
        _ text: String, _ framing: BodyFraming?, cuts: [Int] = []
    ) -> (body: String, end: BodyFraming.Step, rest: Int) {
        guard var framing else { return ("", .malformed, 0) }
        let bytes = Array(text.utf8)
        var (body, taken) = ([UInt8](), 0)
        for arrived in cuts + [bytes.count] {
            while true {
                let step = framing.next(bytes[taken..<arrived])
                switch step {
                case .body(let count):
                    body += bytes[taken..<(taken + count)]
                    taken += count
                    continue
                case .skip(let count):
                    taken += count
                    continue
                case .needsMore where arrived < bytes.count: break
                default: return (String(decoding: body, as: UTF8.self), step, bytes.count - taken)
                }
                break
            }
        }
        return (String(decoding: body, as: UTF8.self), .needsMore, bytes.count - taken)
    }

    private let chunked = BodyFraming(contentLength: nil, transferEncoding: "chunked")
    private let chunks = "5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\nNEXT"

    @Test func aLengthTakesThatMuch() {
        let (body, end, rest) = decode("hello-next", BodyFraming(contentLength: "5", transferEncoding: nil))
        #expect(body == "hello")
        #expect(end == .end)
        #expect(rest == 5)
    }

    @Test func chunksComeApartWhereverTheyAreCut() {
        for cut in 0...chunks.utf8.count {
            let (body, end, rest) = decode(chunks, chunked, cuts: [cut])
            #expect(body == "hello world")
            #expect(end == .end)
            #expect(rest == 4)
        }
    }

    @Test func whatIsCutOffNeedsMore() {
        for length in 0..<(chunks.utf8.count - 4) {
            let cut = String(decoding: chunks.utf8.prefix(length), as: UTF8.self)
            #expect(decode(cut, chunked).end == .needsMore, "\(length)")
        }
    }

    @Test(arguments: ["x\r\n", "-1\r\n", "\r\n", "2\r\nabc\r\n", "ffffffffffffffffffff\r\n"])
    func nonsenseIsMalformed(text: String) { #expect(decode(text, chunked).end == .malformed) }

    @Test func aLineWithoutEndIsMalformed() {
        #expect(decode(String(repeating: "1", count: 70_000), chunked).end == .malformed)
    }

    @Test(arguments: ["-1", "five", "99999999999999999999"])
    func aLengthThatIsNoneIsRefused(length: String) {
        #expect(BodyFraming(contentLength: length, transferEncoding: nil) == nil)
    }

    @Test func randomBytesNeverTakeMoreThanThereIs() {
        let random = SeededRandom(seed: 7)
        let alphabet = Array("0123fF;\r\n\nax".utf8)
        for _ in 0..<2000 {
            let bytes = (0..<Int(random.next() % 60)).map { _ in alphabet[Int(random.next() % 12)] }
            var framing = chunked
            var (taken, steps) = (0, 0)
            loop: while steps < 200 {
                steps += 1
                switch framing?.next(bytes[taken...], atMost: 3) {
                case .body(let count)?, .skip(let count)?:
                    #expect(count > 0 && taken + count <= bytes.count)
                    taken += count
                default: break loop
                }
            }
            #expect(steps < 200)
        }
    }
}
