// swift-tools-version: 6.2
import PackageDescription

/// One set of language settings for every Swift target of the package.
/// Warnings-as-errors and sanitizers are passed by CI, never written here: they would break dependents.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // An async function runs where its caller runs: a hop between executors costs more than most of our steps.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
]

let package = Package(
    name: "contrail",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Contrail", targets: ["Contrail"]),
        .library(name: "ContrailTesting", targets: ["ContrailTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // System libraries
        .systemLibrary(
            name: "CContrailLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CContrailProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CContrailZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // C
        .target(name: "CContrailCurlShim", dependencies: ["CContrailLibcurl"]),
        .target(name: "CContrailOTLP", dependencies: ["CContrailProtobufC"]),

        // Rooms, lowest first. The imports allowed between them are checked by scripts/check.
        .target(name: "ContrailBase", swiftSettings: settings),
        .target(
            name: "ContrailCore",
            dependencies: [
                "ContrailBase",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(
            name: "ContrailCurl",
            dependencies: [
                "ContrailBase", "ContrailCore", "CContrailCurlShim",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        .target(
            name: "ContrailTelemetry",
            dependencies: [
                "ContrailBase",
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(
            name: "ContrailOTLP",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailTelemetry", "CContrailOTLP", "CContrailZlib",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        .target(
            name: "Contrail",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailCurl", "ContrailTelemetry", "ContrailOTLP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "ContrailTesting",
            dependencies: [
                "Contrail", "ContrailBase", "ContrailCore", "ContrailTelemetry", "ContrailOTLP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),

        // Tests
        .testTarget(name: "ContrailBaseTests", dependencies: ["ContrailBase"], swiftSettings: settings),
        .testTarget(
            name: "ContrailCoreTests",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ContrailOTLPTests",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailOTLP", "ContrailTelemetry", "ContrailTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ContrailTelemetryTests",
            dependencies: [
                "ContrailBase", "ContrailTelemetry", "ContrailTesting",
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ContrailTestingTests",
            dependencies: [
                "Contrail", "ContrailTestSupport", "ContrailBase", "ContrailCore", "ContrailOTLP", "ContrailTelemetry",
                "ContrailTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ContrailTests",
            dependencies: [
                "Contrail", "ContrailBase", "ContrailCore", "ContrailCurl", "ContrailOTLP", "ContrailTelemetry",
                "ContrailTesting",
                "ContrailTestSupport", "LifecycleProgram", "OutageProgram", "ReadmeProgram",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ContrailCurlTests",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailCurl", "CContrailCurlShim", "ContrailTesting",
                "ContrailTestSupport", "FlatProgram", .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: settings),
        // What several test targets use, and programs that tests run as processes of their own.
        .target(
            name: "ContrailTestSupport", dependencies: ["CContrailTestSupport", "ContrailBase", "ContrailTesting"],
            path: "Tests/Support", swiftSettings: settings),
        .target(name: "CContrailTestSupport", path: "Tests/SupportC"),
        .executableTarget(
            name: "ReadmeProgram", dependencies: ["Contrail"], path: "Tests/Programs/ReadmeProgram",
            swiftSettings: settings),
        .executableTarget(
            name: "FlatProgram",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailCurl", "ContrailTestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Tests/Programs/FlatProgram", swiftSettings: settings),
        .executableTarget(
            name: "BulkProgram", dependencies: ["Contrail", "ContrailBase", "ContrailTestSupport"],
            path: "Tests/Programs/BulkProgram", swiftSettings: settings),
        .executableTarget(
            name: "CostProgram", dependencies: ["Contrail"], path: "Tests/Programs/CostProgram",
            swiftSettings: settings),
        .executableTarget(
            name: "LifecycleProgram", dependencies: ["Contrail"], path: "Tests/Programs/LifecycleProgram",
            swiftSettings: settings),
        .executableTarget(
            name: "OutageProgram",
            dependencies: ["Contrail", .product(name: "Tracing", package: "swift-distributed-tracing")],
            path: "Tests/Programs/OutageProgram", swiftSettings: settings),
        .testTarget(name: "PlantedFaultTests", swiftSettings: settings),
    ]
)

// scripts/fuzz sets this: the program has no main of its own, and links only with libFuzzer.
if Context.environment["CONTRAIL_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "ContrailBase", "ContrailCore", "ContrailOTLP", "ContrailTelemetry",
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ], path: "Tests/Fuzz", exclude: ["Corpus", "Seeds"], swiftSettings: settings))
}

// scripts/bench --micro sets this. Two targets compile sources of ours once more, beside what measures them, as what they
// measure is internal.
if Context.environment["CONTRAIL_MICRO"] != nil {
    package.targets += [
        .target(name: "MicroKit", path: "Benchmarks/Inside/MicroKit", swiftSettings: settings),
        .target(
            name: "MicroDecisions",
            dependencies: [
                "ContrailBase", "MicroKit", .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ], path: "Benchmarks/Inside/MicroDecisions", swiftSettings: settings),
        .target(
            name: "MicroMetrics",
            dependencies: [
                "ContrailBase", "ContrailCore", "MicroKit", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ], path: "Benchmarks/Inside/MicroMetrics", swiftSettings: settings),
        .executableTarget(
            name: "MicroProgram",
            dependencies: [
                "Contrail", "ContrailBase", "ContrailOTLP", "ContrailTelemetry", "MicroDecisions", "MicroKit",
                "MicroMetrics",
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ], path: "Benchmarks/Inside/MicroProgram", swiftSettings: settings),
    ]
}
