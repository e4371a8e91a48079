import ContrailBase

/// Pulls a body through a ``LineSplitter``. What cannot be read ends the body: nobody will take the rest.
struct LineReader {
    let maxLineBytes: Int
    private let body: HTTPCall.BodyStream
    private var chunks: HTTPCall.BodyStream.Iterator
    private var splitter: LineSplitter
    private var isOver = false

    init(_ body: HTTPCall.BodyStream, _ endings: LineSplitter.Endings, maxLineBytes: Int) {
        self.body = body
        self.maxLineBytes = maxLineBytes
        chunks = body.makeAsyncIterator()
        splitter = LineSplitter(endings, maxLineBytes: maxLineBytes)
    }

    /// The number of the line that came last, from 1.
    var line: Int { splitter.line }

    mutating func next() async throws -> ArraySlice<UInt8>? {
        while true {
            do throws(LineSplitter.TooLong) {
                if let line = try splitter.next() { return line }
            } catch {
                throw fail(.lineTooLong, "Line \(error.line) has more than \(maxLineBytes) bytes.", line: error.line)
            }
            guard !isOver else { return nil }
            if let chunk = try await chunks.next() {
                splitter.append(chunk)
            } else {
                isOver = true
                splitter.end()
            }
        }
    }

    /// The error to throw; the rest of the body is given up.
    func fail(
        _ code: ClientError.Code, _ message: String, cause: (any Error)? = nil, line: Int? = nil
    ) -> any Error {
        var error = ClientError(code, message, cause: cause, phase: .response)
        error.line = line
        return body.fail(error)
    }
}
