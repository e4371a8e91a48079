public import ContrailCore

extension HTTPClient {
    /// How many of many requests are sent at a time, and when to stop. See ``ContrailCore/HTTPCall/GatherOptions``.
    public typealias GatherOptions = HTTPCall.GatherOptions
    /// Results of many requests in the order of completion. See ``ContrailCore/HTTPCall/GatherSequence``.
    public typealias GatherSequence = HTTPCall.GatherSequence
    /// What came of one request of many. See ``ContrailCore/HTTPCall/Gathered``.
    public typealias Gathered = HTTPCall.Gathered
    /// Items that travel in one request. See ``ContrailCore/HTTPCall/Batch``.
    public typealias Batch = HTTPCall.Batch
    /// How many items go into one request. See ``ContrailCore/HTTPCall/BatchSize``.
    public typealias BatchSize = HTTPCall.BatchSize
    /// The pages of a series. See ``ContrailCore/HTTPCall/PageSequence``.
    public typealias PageSequence = HTTPCall.PageSequence

    // MARK: Many requests

    /// Sends all `requests`, at most as many at a time as the client's limits allow, and returns one result per request,
    /// in their order. A failure does not sink the others unless `options` say so; what was not sent then, or on
    /// cancellation, fails with `CancellationError`.
    public func fetchAll(_ requests: [Request], _ options: GatherOptions = .collect) async -> FetchResults {
        usage?.countCall(requests.count)
        return FetchResults(await pipeline.gatherAll(requests, options))
    }

    /// Sends the requests of a sequence, which may be lazy and as long as you like, and gives their results in the order of
    /// completion: `for try await item in client.fetchEach(requests)`. See ``ContrailCore/HTTPCall/GatherSequence``.
    public func fetchEach<Requests: Sequence>(
        _ requests: sending Requests, _ options: GatherOptions = .collect
    ) -> GatherSequence<Request> where Requests.Element == Request, Requests.Iterator: SendableMetatype {
        countGathering()
        return pipeline.gather(requests, options)
    }

    /// As above for an async sequence, which is asked for a request only when one can be sent.
    public func fetchEach<Requests: AsyncSequence>(
        _ requests: sending Requests, _ options: GatherOptions = .collect
    ) -> GatherSequence<Request> where Requests.Element == Request, Requests.AsyncIterator: SendableMetatype {
        countGathering()
        return pipeline.gather(requests, options)
    }

    // MARK: Bulk loads

    /// Sends items in batches, a request each, and gives the batches' results in the order of completion; each says which
    /// items it holds.
    ///
    /// - Parameters:
    ///   - items: taken as batches are sent: while one can be, and the results before are taken. A batch is sent when it is
    ///     full, or the items end.
    ///   - size: how many items, or bytes, a batch has.
    ///   - addsIdempotencyKey: gives each request an Idempotency-Key, so that a POST too is sent again when that helps. Only
    ///     for APIs that know the field. Default false: what the server may have acted upon is not sent again.
    ///   - makeRequest: the request for these items. What it throws is that batch's result. Runs on a task of its own.
    public func sendBatches<Items: Sequence>(
        of items: sending Items, _ size: BatchSize<Items.Element>, _ options: GatherOptions = .collect,
        addsIdempotencyKey: Bool = false,
        makeRequest: @escaping @Sendable ([Items.Element]) throws -> Request
    ) -> GatherSequence<Batch<Items.Element>> where Items.Element: Sendable, Items.Iterator: SendableMetatype {
        countGathering()
        return pipeline.sendBatches(
            of: items,
            .init(size: size, options: options, addsIdempotencyKey: addsIdempotencyKey, makeRequest: makeRequest))
    }

    /// As above for the items of an async sequence.
    public func sendBatches<Items: AsyncSequence>(
        of items: sending Items, _ size: BatchSize<Items.Element>, _ options: GatherOptions = .collect,
        addsIdempotencyKey: Bool = false,
        makeRequest: @escaping @Sendable ([Items.Element]) throws -> Request
    ) -> GatherSequence<Batch<Items.Element>> where Items.Element: Sendable, Items.AsyncIterator: SendableMetatype {
        countGathering()
        return pipeline.sendBatches(
            of: items,
            .init(size: size, options: options, addsIdempotencyKey: addsIdempotencyKey, makeRequest: makeRequest))
    }

    /// Sends batches once more, those that failed say: the same requests, with the same Idempotency-Key if they have one,
    /// so that a server that knows the field acts once. A batch that was not begun yet is begun.
    public func resendBatches<Item: Sendable>(
        _ batches: [Batch<Item>], _ options: GatherOptions = .collect
    ) -> GatherSequence<Batch<Item>> {
        countGathering()
        return pipeline.resend(batches, options)
    }

    // MARK: Pages

    /// The pages of a series: `for try await page in client.pages(from: .get(url))`. The next one is what the page's Link
    /// field names as `next` (RFC 8288), on the same origin, with the method, body and header fields of `first`.
    ///
    /// - Parameter maxPages: one more is an error. Default 1,000; at least 1. See ``ContrailCore/HTTPCall/PageSequence``.
    public func pages(from first: Request, maxPages: Int = 1_000) -> PageSequence {
        countGathering()
        return pipeline.pages(from: first, maxPages: maxPages, next: nil)
    }

    /// As above; `next` finds the request of the next page in a page, a cursor in its JSON say. `nil`: it was the last.
    public func pages(
        from first: Request, maxPages: Int = 1_000, next: @escaping HTTPCall.NextPage
    ) -> PageSequence {
        countGathering()
        return pipeline.pages(from: first, maxPages: maxPages, next: next)
    }

    /// Whoever sends many requests through a client does not make one per request.
    private func countGathering() { usage?.countCall(2) }
}
