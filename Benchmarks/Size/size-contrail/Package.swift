// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "size-contrail",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "contrail", path: "../../..")],
    targets: [
        .executableTarget(
            name: "size-contrail", dependencies: [.product(name: "Contrail", package: "contrail")], path: "Sources")
    ]
)
