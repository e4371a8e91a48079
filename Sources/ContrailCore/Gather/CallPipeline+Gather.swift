import ContrailBase

extension CallPipeline {
    /// The requests' results in the order of completion.
    package func gather<Requests: Sequence>(
        _ requests: sending Requests, _ options: HTTPCall.GatherOptions
    ) -> HTTPCall.GatherSequence<HTTPCall.Request>
    where Requests.Element == HTTPCall.Request, Requests.Iterator: SendableMetatype {
        let count = GatherSources.count(requests)
        return gather(GatherSources.make(requests), options, count: count)
    }

    /// As above, from a source that may have to be waited for.
    package func gather<Requests: AsyncSequence>(
        _ requests: sending Requests, _ options: HTTPCall.GatherOptions
    ) -> HTTPCall.GatherSequence<HTTPCall.Request>
    where Requests.Element == HTTPCall.Request, Requests.AsyncIterator: SendableMetatype {
        gather(GatherSources.make(requests), options, count: nil)
    }

    /// The requests' results in their order; what was not sent is cancelled.
    package func gatherAll(
        _ requests: [HTTPCall.Request], _ options: HTTPCall.GatherOptions
    ) async -> [Result<HTTPCall.Response, any Error>] {
        let results = GatherResults(count: requests.count)
        let jobs = jobs(GatherSources.make(requests)) { ($0, await self.result(of: $0, options)) }
        let slots = slots(options, count: requests.count)
        await Gathering(jobs, slots: slots, sink: { results.put($1, at: $0) }).run()
        return results.all
    }

    private func gather(
        _ requests: @escaping GatherSource<HTTPCall.Request>, _ options: HTTPCall.GatherOptions, count: Int?
    ) -> HTTPCall.GatherSequence<HTTPCall.Request> {
        gather(requests, options, count: count) { ($0, await self.result(of: $0, options)) }
    }

    /// - Parameter send: sends an input, and says what was sent.
    func gather<Input: Sendable>(
        _ inputs: @escaping GatherSource<Input>, _ options: HTTPCall.GatherOptions, count: Int?,
        send: @escaping @Sendable (Input) async -> (Input, Result<HTTPCall.Response, any Error>)
    ) -> HTTPCall.GatherSequence<Input> {
        HTTPCall.GatherSequence(gathering: Gathering(jobs(inputs, send), slots: slots(options, count: count)))
    }

    /// What was begun too late is not sent: not even a span is begun.
    private func jobs<Input: Sendable>(
        _ inputs: @escaping GatherSource<Input>,
        _ send: @escaping @Sendable (Input) async -> (Input, Result<HTTPCall.Response, any Error>)
    ) -> GatherSource<Gathering<Input>.Job> {
        {
            guard let input = try await inputs() else { return nil }
            return { isWanted in isWanted ? await send(input) : (input, .failure(CancellationError())) }
        }
    }

    private func slots(_ options: HTTPCall.GatherOptions, count: Int?) -> GatherSlots {
        GatherSlots(
            size: options.window(within: settings.limits.maxTotal), maxFailures: options.maxFailures, expected: count)
    }

    func result(
        of request: HTTPCall.Request, _ options: HTTPCall.GatherOptions
    ) async -> Result<HTTPCall.Response, any Error> {
        do {
            let response = try await execute(request)
            if let range = options.validStatus { try response.validateStatus(in: range) }
            return .success(response)
        } catch {
            return .failure(error)
        }
    }
}

/// The results of many requests, by their place.
private final class GatherResults: Sendable {
    private let results: Locked<[Result<HTTPCall.Response, any Error>?]>

    init(count: Int) { results = Locked(Array(repeating: nil, count: count)) }

    func put(_ result: Result<HTTPCall.Response, any Error>, at index: Int) {
        results.withLock { $0[index] = result }
    }

    var all: [Result<HTTPCall.Response, any Error>] {
        results.withLock { $0 }.map { $0 ?? .failure(CancellationError()) }
    }
}
