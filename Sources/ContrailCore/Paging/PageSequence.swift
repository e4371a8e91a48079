import HTTPTypes

extension HTTPCall {
    /// Finds the request of the next page in a page; `nil`: it was the last one.
    public typealias NextPage = @Sendable (Response) throws -> Request?

    /// The pages of a series, one after the other, each fetched when it is asked for.
    ///
    /// A page whose status is no success ends it with ``ClientError`` `bad_status`; so do a page that names as the next one
    /// that was fetched already (`page_loop`) and one page more than allowed (`too_many_pages`), behind the pages before:
    /// a series that is not whole never looks as if it were. Each page is a call, with its retries and its spans.
    public struct PageSequence: AsyncSequence, Sendable {
        /// A page.
        public typealias Element = Response

        let pipeline: CallPipeline
        let first: Request
        let maxPages: Int
        /// `nil`: the Link field.
        let next: NextPage?

        /// Iterates the pages, from the first.
        public func makeAsyncIterator() -> Iterator { Iterator(series: self) }

        /// Fetches the pages one by one.
        public struct Iterator: AsyncIteratorProtocol {
            private let series: PageSequence
            private var session: PageSession
            private var upcoming: Result<Request?, any Error>

            init(series: PageSequence) {
                self.series = series
                session = PageSession(maxPages: series.maxPages)
                upcoming = .success(series.first)
            }

            /// The next page; `nil` behind the last. Throws as `HTTPClient.execute`, and what the search for the next page
            /// throws. Behind an error there is nothing.
            public mutating func next() async throws -> Response? {
                let planned = upcoming
                upcoming = .success(nil)
                guard let request = try planned.get() else { return nil }
                try begin(request)
                let page = try await series.pipeline.execute(request).validateStatus()
                upcoming = Result { try series.request(after: page) }
                return page
            }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Response? {
                try await next()
            }

            private mutating func begin(_ request: Request) throws {
                let url = try series.pipeline.url(of: request)
                guard let refusal = session.begin(PageSession.Key(request, url)) else { return }
                let target = "\(request.method.rawValue) \(url.withoutQuery)"
                switch refusal {
                case .loop:
                    throw ClientError(
                        .pageLoop, "The page names as the next one that was fetched already.", target: target,
                        phase: .response)
                case .tooMany:
                    throw ClientError(
                        .tooManyPages, "There are more than \(series.maxPages) pages; allow more, or take fewer.",
                        target: target, phase: .response)
                }
            }
        }

        private func request(after page: Response) throws -> Request? {
            if let next { return try next(page) }
            guard page.hasLink("next") else { return nil }
            let origin = try pipeline.url(of: first).origin
            // The header fields may hold what is meant for that origin only.
            guard let url = page.link("next"), url.origin == origin else {
                throw ClientError(
                    .invalidLink,
                    "The page's Link to the next one is no URL of \(origin). Name the next request yourself to go there.",
                    target: "\(page.method.rawValue) \(page.url.withoutQuery)", phase: .response)
            }
            var request = first
            request.url = url.text
            request.query = [:]
            request.progress = nil
            return request
        }
    }
}

extension PageSession.Key {
    /// `nil` if the body is not in memory: then nobody can tell.
    init?(_ request: HTTPCall.Request, _ url: RequestURL) {
        if let body = request.body, body.bytes == nil { return nil }
        self.init(
            method: request.method, url: url.text.prefix { $0 != "#" }, headers: request.headers,
            body: request.body?.bytes.map { Array($0) } ?? [])
    }
}

extension CallPipeline {
    /// The pages of a series. `next`: `nil` for the Link field.
    package func pages(
        from first: HTTPCall.Request, maxPages: Int, next: HTTPCall.NextPage?
    ) -> HTTPCall.PageSequence {
        HTTPCall.PageSequence(pipeline: self, first: first, maxPages: maxPages, next: next)
    }
}
