import ContrailBase

extension CallPipeline {
    /// Fetches `request` into the file at `path`. The calls that it takes are calls like any others.
    package func download(
        _ request: HTTPCall.Request, to path: String, options: HTTPCall.DownloadOptions
    ) async throws -> HTTPCall.Download {
        var (request, options) = (request, options)
        let progress = request.progress
        defer { progress?.end() }
        if let progress {
            // What counts is the file, over all the calls that it takes; each of them would end it.
            request.progress = nil
            options.onProgress = { [onProgress = options.onProgress] now in
                onProgress?(now)
                progress.change { $0.downloaded(inAll: now.receivedBytes, of: now.totalBytes) }
            }
        }
        let downloader = Downloader(options: options, time: settings.time) { try await self.stream($0) }
        return try await downloader.run(
            request, url: try url(of: request), to: path, random: settings.random.next())
    }
}
