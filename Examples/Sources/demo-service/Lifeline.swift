import Foundation

/// Ends this process with the one who started it, however that one ended: its end of our standard input closes.
enum Lifeline {
    /// Returns at once. When standard input ends, SIGTERM asks for a graceful shutdown; a deaf process is ended after 10 s.
    static func endWithStandardInput() {
        Thread.detachNewThread {
            _ = try? FileHandle.standardInput.readToEnd()
            kill(getpid(), SIGTERM)
            Thread.sleep(forTimeInterval: 10)
            exit(1)
        }
    }
}
