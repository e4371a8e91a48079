// Fetches the URLs named as arguments, all at once. Nothing is traced.
import AsyncHTTPClient

try await withThrowingTaskGroup { group in
    for url in CommandLine.arguments.dropFirst() {
        group.addTask {
            let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
            return (response.status.code, try await response.body.collect(upTo: 64 << 20).readableBytes)
        }
    }
    for try await (status, length) in group { print(status, length) }
}
