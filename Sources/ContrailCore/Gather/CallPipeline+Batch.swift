extension CallPipeline {
    /// How a bulk load is sent.
    package struct BatchSettings<Item: Sendable>: Sendable {
        var size: HTTPCall.BatchSize<Item>
        var options: HTTPCall.GatherOptions
        var addsIdempotencyKey: Bool
        var makeRequest: @Sendable ([Item]) throws -> HTTPCall.Request

        package init(
            size: HTTPCall.BatchSize<Item>, options: HTTPCall.GatherOptions, addsIdempotencyKey: Bool,
            makeRequest: @escaping @Sendable ([Item]) throws -> HTTPCall.Request
        ) {
            self.size = size
            self.options = options
            self.addsIdempotencyKey = addsIdempotencyKey
            self.makeRequest = makeRequest
        }
    }

    /// Items in batches; the batches' results in the order of completion.
    package func sendBatches<Items: Sequence>(
        of items: sending Items, _ settings: BatchSettings<Items.Element>
    ) -> HTTPCall.GatherSequence<HTTPCall.Batch<Items.Element>>
    where Items.Element: Sendable, Items.Iterator: SendableMetatype {
        let count = GatherSources.count(items)
        return sendBatches(of: GatherSources.make(items), settings, itemCount: count)
    }

    /// As above, from a source that may have to be waited for.
    package func sendBatches<Items: AsyncSequence>(
        of items: sending Items, _ settings: BatchSettings<Items.Element>
    ) -> HTTPCall.GatherSequence<HTTPCall.Batch<Items.Element>>
    where Items.Element: Sendable, Items.AsyncIterator: SendableMetatype {
        sendBatches(of: GatherSources.make(items), settings, itemCount: nil)
    }

    /// Batches that were sent, or were to be, once more: those that have a request with the same one.
    package func resend<Item: Sendable>(
        _ batches: [HTTPCall.Batch<Item>], _ options: HTTPCall.GatherOptions
    ) -> HTTPCall.GatherSequence<HTTPCall.Batch<Item>> {
        gather(GatherSources.make(batches), options, count: batches.count)
    }

    private func sendBatches<Item: Sendable>(
        of items: @escaping GatherSource<Item>, _ settings: BatchSettings<Item>, itemCount: Int?
    ) -> HTTPCall.GatherSequence<HTTPCall.Batch<Item>> {
        let source = BatchSource(items, size: settings.size)
        let maxItems = max(settings.size.maxItems, 1)
        let count = settings.size.maxBytes == nil ? itemCount.map { $0 == 0 ? 0 : ($0 - 1) / maxItems + 1 } : nil
        let makeRequest = requestMaker(settings)
        let batches: GatherSource<HTTPCall.Batch<Item>> = {
            try await source.next().map {
                HTTPCall.Batch(items: $0.items, positions: $0.positions, request: nil, makeRequest: makeRequest)
            }
        }
        return gather(batches, settings.options, count: count)
    }

    private func requestMaker<Item: Sendable>(
        _ batch: BatchSettings<Item>
    ) -> @Sendable ([Item]) throws -> HTTPCall.Request {
        guard batch.addsIdempotencyKey else { return batch.makeRequest }
        return { [random = settings.random] items in
            let key = IdempotencyKey.random(from: random)
            return try batch.makeRequest(items).withIdempotencyKey(key)
        }
    }

    private func gather<Item: Sendable>(
        _ batches: @escaping GatherSource<HTTPCall.Batch<Item>>, _ options: HTTPCall.GatherOptions, count: Int?
    ) -> HTTPCall.GatherSequence<HTTPCall.Batch<Item>> {
        gather(batches, options, count: count) { batch in
            var batch = batch
            do {
                let request = try batch.prepare()
                return (batch, await self.result(of: request, options))
            } catch {
                return (batch, .failure(error))
            }
        }
    }
}
