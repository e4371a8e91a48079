// swift-tools-version: 6.2
import PackageDescription

/// The same language settings as the SDK's own targets.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
]

let package = Package(
    name: "contrail-examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "contrail", path: ".."),
        // Without its traits: the demo needs neither swift-configuration nor the whole of Foundation from it.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
    ],
    targets: [
        // Pure: who calls whom, the rules of the self-check, the table.
        .target(name: "CallChain", swiftSettings: settings),
        .testTarget(name: "CallChainTests", dependencies: ["CallChain"], swiftSettings: settings),

        // What the programs of the chain have in common.
        .target(
            name: "DemoTelemetry", dependencies: [.product(name: "Contrail", package: "contrail")],
            swiftSettings: settings),

        // One service of the chain; a process each.
        .executableTarget(
            name: "demo-service",
            dependencies: [
                "CallChain", "DemoTelemetry",
                .product(name: "Contrail", package: "contrail"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),

        // The one who asks.
        .executableTarget(
            name: "demo-visitor",
            dependencies: ["DemoTelemetry", .product(name: "Contrail", package: "contrail")],
            swiftSettings: settings),

        // Starts everything, collects, draws, checks.
        .executableTarget(
            name: "demo",
            dependencies: [
                "CallChain",
                .product(name: "Contrail", package: "contrail"),
                .product(name: "ContrailTesting", package: "contrail"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),

        // Small programs, each on stand-ins of the services that it asks.
        example("token-budget"),
        example("polite-crawler"),
        example("bulk-upload"),
        example("fan-out", [.product(name: "Tracing", package: "swift-distributed-tracing")]),
        .target(
            name: "FakeServices", dependencies: [.product(name: "ContrailTesting", package: "contrail")],
            swiftSettings: settings),
        .testTarget(
            name: "ExamplesTests",
            dependencies: [
                "token-budget", "bulk-upload", "polite-crawler", "fan-out", "FakeServices",
                .product(name: "Contrail", package: "contrail"),
                .product(name: "ContrailTesting", package: "contrail"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
    ]
)

func example(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "FakeServices",
            .product(name: "Contrail", package: "contrail"),
            .product(name: "ContrailTesting", package: "contrail"),
        ] + dependencies,
        swiftSettings: settings)
}
