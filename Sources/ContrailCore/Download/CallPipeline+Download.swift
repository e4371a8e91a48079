import ContrailBase

extension CallPipeline {
    /// Fetches `request` into the file at `path`. The calls that it takes are calls like any others.
    package func download(
        _ request: HTTPCall.Request, to path: String, options: HTTPCall.DownloadOptions
    ) async throws -> HTTPCall.Download {
        let downloader = Downloader(options: options, time: settings.time) { try await self.stream($0) }
        return try await downloader.run(
            request, url: try url(of: request), to: path, random: settings.random.next())
    }
}
