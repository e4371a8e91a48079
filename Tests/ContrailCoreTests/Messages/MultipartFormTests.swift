import ContrailBase
import ContrailTesting
import Testing

@testable import ContrailCore

@Suite(.timeLimit(.minutes(1))) struct MultipartFormTests {
    private func text(_ form: HTTPCall.MultipartForm) async throws -> String {
        let body = HTTPCall.Body.multipart(form)
        let bytes = try await body.wire.collect(upTo: 1 << 20)
        if let length = body.length { #expect(length == Int64(bytes.count)) }
        return String(bytes)
    }

    @Test func partsComeInOrderWithTheirHeads() async throws {
        var form = try HTTPCall.MultipartForm(boundary: "xyz")
        form.append(name: "title", text: "one\ntwo\r\nthree\r")
        try form.append(name: "data", bytes: ByteChunk([1, 2]), filename: "a.bin")
        try form.append(name: "note", bytes: ByteChunk("n".utf8), contentType: nil)
        #expect(
            try await text(form)
                == "--xyz\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\none\r\ntwo\r\nthree\r\n\r\n"
                + "--xyz\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.bin\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n\u{1}\u{2}\r\n"
                + "--xyz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nn\r\n--xyz--\r\n")
        #expect(HTTPCall.Body.multipart(form).contentType == "multipart/form-data; boundary=xyz")
        #expect(HTTPCall.Body.multipart(form).isReplayable)
    }

    @Test func anEmptyFormIsItsEnd() async throws {
        #expect(try await text(HTTPCall.MultipartForm(boundary: "b")) == "--b--\r\n")
    }

    /// WHATWG HTML, "multipart/form-data encoding algorithm".
    @Test func noNameCanEndItsHeaderLine() async throws {
        var form = try HTTPCall.MultipartForm(boundary: "b")
        try form.append(name: "a\"\nX: 1", bytes: .empty, filename: "ü\"\r\n\r\nbody;\\.txt", contentType: nil)
        #expect(
            try await text(form)
                == "--b\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: 1\"; "
                + "filename=\"ü%22%0D%0A%0D%0Abody;\\.txt\"\r\n\r\n\r\n--b--\r\n")
    }

    @Test(arguments: ["a/b\r\nX: 1", "a/b\n", "\u{0}", "a\u{7F}"])
    func aContentTypeWithControlCharactersIsRefused(type: String) throws {
        var form = HTTPCall.MultipartForm()
        #expect(throws: HTTPCall.MultipartProblem.contentType) {
            try form.append(name: "a", bytes: .empty, contentType: type)
        }
    }

    @Test(arguments: ["", " ", "a ", "a\"b", "a\r\n", "ä", String(repeating: "a", count: 71)])
    func badBoundariesAreRefused(boundary: String) {
        #expect(throws: HTTPCall.MultipartProblem.boundary) { try HTTPCall.MultipartForm(boundary: boundary) }
    }

    @Test func aBoundaryThatIsNoTokenIsQuoted() throws {
        let form = try HTTPCall.MultipartForm(boundary: "a b/c")
        #expect(HTTPCall.Body.multipart(form).contentType == "multipart/form-data; boundary=\"a b/c\"")
    }

    @Test func theBoundaryComesFromTheGivenChance() {
        let boundary = HTTPCall.MultipartForm(random: SeededRandom(seed: 1)).boundary
        #expect(boundary == HTTPCall.MultipartForm(random: SeededRandom(seed: 1)).boundary)
        #expect(boundary != HTTPCall.MultipartForm(random: SeededRandom(seed: 2)).boundary)
        #expect(MultipartEncoding.isBoundary(boundary) && boundary.utf8.count == 41)
    }

    @Test func aPartOfUnknownLengthMakesTheFormsUnknown() async throws {
        var form = try HTTPCall.MultipartForm(boundary: "b")
        form.append(name: "t", text: "t")
        try form.append(name: "s", body: .stream(Chunks(texts: ["x", "y"])))
        let body = HTTPCall.Body.multipart(form)
        #expect(body.length == nil && !body.isReplayable)
        #expect(try await text(form).contains("\r\n\r\nxy\r\n--b--\r\n"))
    }
}
