package import ContrailBase
import HTTPTypes

/// Drives ``DownloadPlan``: asks, writes, goes on after a break, and puts the file in its place.
package struct Downloader: Sendable {
    private let options: HTTPCall.DownloadOptions
    private let time: any TimeSource
    private let stream: @Sendable (HTTPCall.Request) async throws -> HTTPCall.StreamedResponse

    package init(
        options: HTTPCall.DownloadOptions, time: any TimeSource,
        stream: @escaping @Sendable (HTTPCall.Request) async throws -> HTTPCall.StreamedResponse
    ) {
        self.options = options
        self.time = time
        self.stream = stream
    }

    /// Large enough that the hop to the writing thread costs little.
    private static let pieceBytes = 256 * 1024
    /// What is kept of an error's body.
    private static let maxErrorBytes = 64 * 1024

    /// `url` is what the request asks for, resolved: a kept part belongs to it.
    package func run(
        _ request: HTTPCall.Request, url: RequestURL, to path: String, random: UInt64
    ) async throws -> HTTPCall.Download {
        guard !request.headers.contains(.range), !request.headers.contains(.ifRange) else {
            throw ClientError(.invalidRequest, "Range and If-Range are the download's own: leave them out.")
        }
        do {
            let (file, found) = try await PartialFile.open(
                target: path, isKept: options.keepsPartialFile, random: random)
            let record = found.flatMap { PartialRecord($0.record, for: url) }
            var state = Progress(
                plan: DownloadPlan(received: found?.size ?? 0, validator: record?.validator, total: record?.total))
            do {
                let result = try await fetchAll(request, url, file, &state)
                try await file.commit()
                return result
            } catch {
                await file.abandon(canContinue: state.plan.canContinue)
                throw error
            }
        } catch let problem as HTTPCall.FileProblem {
            throw ClientError(
                problem.isDiskFull ? .diskFull : .fileUnwritable, problem.description, cause: problem,
                target: "\(request.method.rawValue) \(url.withoutQuery)", phase: .response)
        }
    }

    private struct Progress {
        var plan: DownloadPlan
        var continuedFrom: Int64 = 0
        var resumes = 0
    }

    private func fetchAll(
        _ request: HTTPCall.Request, _ url: RequestURL, _ file: PartialFile, _ state: inout Progress
    ) async throws -> HTTPCall.Download {
        state.continuedFrom = state.plan.canContinue ? state.plan.received : 0
        let deadline = request.timeout.map { time.now + $0 }
        while true {
            var request = request
            state.plan.prepare(&request.headers)
            // What the caller asked for covers all of it, however often it is gone on with.
            if let deadline { request.timeout = max(deadline - time.now, .milliseconds(1)) }
            let response = try await stream(request)
            switch state.plan.begin(status: response.status.code, headers: response.headers) {
            case .write(let offset):
                if offset == 0 { try await startOver(file, url, &state) }
                if let error = try await take(response.body, file, &state.plan) {
                    try resume(after: error, from: offset, &state)
                    continue
                }
            case .complete: response.body.cancel()
            case .startOver:
                response.body.cancel()
                continue
            case .refuse: throw try await badStatus(response, request.method)
            case .invalid(let why): throw response.body.fail(ClientError(.invalidRange, why, phase: .response))
            }
            return HTTPCall.Download(
                head: response.head, url: response.url, path: file.target, byteCount: state.plan.received,
                continuedFrom: state.continuedFrom, resumeCount: state.resumes)
        }
    }

    private func startOver(_ file: PartialFile, _ url: RequestURL, _ state: inout Progress) async throws {
        state.continuedFrom = 0
        let (validator, total) = (state.plan.validator, state.plan.total)
        try await file.reset(validator.map { PartialRecord(url: url, validator: $0, total: total) })
    }

    /// Writes the body. Returns the error that it broke off with, everything before it being in the file.
    private func take(
        _ body: HTTPCall.BodyStream, _ file: PartialFile, _ plan: inout DownloadPlan
    ) async throws -> (any Error)? {
        var written = plan.received
        var piece: [ByteChunk] = []
        try check(plan.total, body)
        var chunks = body.makeAsyncIterator()
        var failure: (any Error)?
        while failure == nil {
            do {
                guard let chunk = try await chunks.next() else { break }
                guard plan.receive(chunk.count) else {
                    throw body.fail(
                        ClientError(.invalidRange, "More bytes came than were announced.", phase: .response))
                }
                try check(plan.received, body)
                piece.append(chunk)
            } catch { failure = error }
            guard plan.received - written >= Self.pieceBytes else { continue }
            try await flush(&piece, &written, file, plan)
        }
        try await flush(&piece, &written, file, plan)
        if failure == nil, !plan.isComplete {
            failure = ClientError(
                .transport(.truncatedBody), "The body ended before the announced length.", phase: .response)
        }
        return failure
    }

    private func flush(
        _ piece: inout [ByteChunk], _ written: inout Int64, _ file: PartialFile, _ plan: DownloadPlan
    ) async throws {
        guard !piece.isEmpty else { return }
        try await file.write(piece, at: written)
        written += piece.reduce(0) { $0 + Int64($1.count) }
        piece = []
        options.onProgress?(HTTPCall.DownloadProgress(receivedBytes: written, totalBytes: plan.total))
    }

    private func check(_ bytes: Int64?, _ body: HTTPCall.BodyStream) throws {
        guard let limit = options.maxBytes, let bytes, bytes > limit else { return }
        throw body.fail(
            ClientError(.transport(.bodyTooLarge), "The file has more than \(limit) bytes.", phase: .response))
    }

    /// Returns if it is worth asking for the rest.
    private func resume(after error: any Error, from offset: Int64, _ state: inout Progress) throws {
        guard let error = error as? ClientError, Self.brokenOff.contains(error.code), state.plan.canContinue,
            state.plan.received > offset, state.resumes < options.maxResumes
        else { throw error }
        state.resumes += 1
    }

    /// What happens to the connection, not to the request.
    private static let brokenOff: Set<ClientError.Code> = [
        .transport(.connectionReset), .transport(.truncatedBody), .transport(.idleReadTimeout),
    ]

    private func badStatus(
        _ response: HTTPCall.StreamedResponse, _ method: HTTPRequest.Method
    ) async throws -> ClientError {
        let body = (try? await response.body.collect(upTo: Self.maxErrorBytes)) ?? .empty
        try Task.checkCancellation()
        return ClientError.badStatus(
            HTTPCall.Response(
                head: response.head, body: body, url: response.url, method: method, attempts: response.attempts,
                redirects: response.redirects))
    }
}
