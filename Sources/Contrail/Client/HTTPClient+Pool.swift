public import ContrailCore
import ContrailCurl

extension HTTPClient {
    /// What the pool of connections is doing and has done. Zeros for a transport of your own, but for `queued`.
    ///
    /// Cost: a few loads and a short lock; fit to be read every second.
    public var poolStatistics: PoolStatistics {
        var statistics = (transport as? CurlTransport)?.statistics ?? PoolStatistics()
        statistics.queued = pipeline.waitingCount
        return statistics
    }

    /// Opens connections ahead of need: sends `HEAD` to each of `urls`, on as many new connections each as asked for.
    ///
    /// These are calls like any other, with spans and limits, and the servers see them: libcurl 7.88 has no way to put a
    /// connection into its pool on which nothing was sent, and traffic that no span tells of is never sent. So name
    /// something cheap, a health check say. Whatever status comes back is fine; a server that closes behind its answer
    /// is not warmed up. Nothing is sent a second time.
    ///
    /// - Parameter connections: per URL, at least 1; the limits of the client hold as well.
    /// - Returns: the number of connections that were opened and answered on. Fewer than asked for: something failed, or
    ///   the limit on connections per origin is lower.
    @discardableResult
    public func warmUp(_ urls: [String], connections: Int = 1) async -> Int {
        let requests = urls.flatMap { url in
            var request = Request.head(url)
            request.needsNewConnection = true
            request.retry = .never
            return Array(repeating: request, count: max(1, connections))
        }
        return await fetchAll(requests).successes.filter { $0.attempts.last?.summary.connectionReused == false }.count
    }
}
