// swift-tools-version: 6.2
import PackageDescription

// What Contrail is measured against, and how. A package of its own: nobody who uses Contrail resolves what stands here.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "contrail-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "contrail", path: ".."),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.30.0"),
    ],
    targets: [
        .systemLibrary(name: "CBenchLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // The floor: what the same requests cost a C program.
        .executableTarget(name: "bench-floor", dependencies: ["CBenchLibcurl"], path: "Sources/bench-floor"),
        // What every Swift contender shares: the command line, the load, the measures.
        .target(name: "BenchKit", swiftSettings: settings),
        .executableTarget(
            name: "bench-contrail",
            dependencies: ["BenchKit", .product(name: "Contrail", package: "contrail")], swiftSettings: settings),
        .executableTarget(
            name: "bench-async-http-client",
            dependencies: [
                "BenchKit", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Contrail", package: "contrail"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ], swiftSettings: settings),
        .target(name: "CBenchMemory"),
        .executableTarget(
            name: "bench-waiting",
            dependencies: ["CBenchMemory", .product(name: "Contrail", package: "contrail")], swiftSettings: settings),
        .executableTarget(name: "bench-urlsession", dependencies: ["BenchKit"], swiftSettings: settings),
        // What Contrail's encoder is compared with; its own half is Inside/MicroProgram, a program of Contrail's package.
        .executableTarget(
            name: "bench-micro", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            swiftSettings: settings),
    ]
)
