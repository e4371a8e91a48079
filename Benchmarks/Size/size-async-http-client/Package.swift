// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "size-async-http-client",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0")],
    targets: [
        .executableTarget(
            name: "size-async-http-client",
            dependencies: [.product(name: "AsyncHTTPClient", package: "async-http-client")], path: "Sources")
    ]
)
