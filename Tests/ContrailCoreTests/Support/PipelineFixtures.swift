import ContrailTesting

@testable import ContrailCore

extension CallPipeline {
    /// One whose time the test moves and whose chance is the same in every run.
    static func scripted(
        _ transport: any Transport, _ time: ManualTime, _ change: (inout PipelineSettings) -> Void = { _ in }
    ) -> CallPipeline {
        var settings = PipelineSettings()
        settings.time = time
        settings.random = SeededRandom(seed: 1)
        change(&settings)
        return CallPipeline(settings: settings, transport: transport)
    }
}

/// The client's error that `operation` ends with; `nil` for any other end.
func clientError(of operation: () async throws -> some Sendable) async -> ClientError? {
    do {
        _ = try await operation()
        return nil
    } catch {
        return error as? ClientError
    }
}
