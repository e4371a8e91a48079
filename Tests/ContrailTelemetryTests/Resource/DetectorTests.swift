import ContrailTesting
import Testing

@testable import ContrailTelemetry

@Suite struct HostDetectorTests {
    private static let debian = """
        PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
        NAME="Debian GNU/Linux"
        VERSION_ID="12"
        # a comment = not a value
        HOME_URL="https://www.debian.org/"
        """

    private static func resource(_ files: [String: String]) -> Telemetry.Resource {
        var system = SystemReader(files: files)
        system.name.system = "Linux"
        system.name.node = "web-1"
        system.name.release = "6.1.0"
        system.name.version = "#1 SMP"
        system.name.machine = "x86_64"
        return Telemetry.HostDetector(system: system).detect()
    }

    @Test func theHostAndItsSystemAreTold() {
        let files = ["/etc/machine-id": "0123456789abcdef0123456789abcdef\n", "/etc/os-release": Self.debian]
        let resource = Self.resource(files)
        #expect(
            resource.attributes == [
                .init("host.name", .string("web-1")), .init("host.id", .string("0123456789abcdef0123456789abcdef")),
                .init("host.arch", .string("amd64")), .init("os.type", .string("linux")),
                .init("os.name", .string("Debian GNU/Linux")), .init("os.version", .string("12")),
                .init("os.description", .string("Debian GNU/Linux 12 (bookworm)")),
            ])
        #expect(resource.schemaURL == "https://opentelemetry.io/schemas/1.44.0")
    }

    @Test func withoutAReleaseFileTheKernelSpeaks() {
        let resource = Self.resource([:])
        #expect(resource["os.version"] == .string("6.1.0"))
        #expect(resource["os.description"] == .string("Linux 6.1.0 #1 SMP"))
        #expect(resource["host.id"] == nil)
    }

    @Test(
        arguments: [
            (["/var/lib/dbus/machine-id": "ffffffffffffffffffffffffffffffff"], "ffffffffffffffffffffffffffffffff"),
            (["/etc/machine-id": "uninitialized"], nil), (["/etc/machine-id": ""], nil),
            (
                ["/etc/machine-id": "uninitialized", "/var/lib/dbus/machine-id": "0123456789abcdef0123456789abcdef"],
                "0123456789abcdef0123456789abcdef"
            ),
        ] as [([String: String], String?)])
    func theIdIsTheMachinesOrElseTheOneOfDBus(files: [String: String], id: String?) {
        #expect(Self.resource(files)["host.id"] == id.map { .string($0) })
    }

    @Test(arguments: [
        ("x86_64", "amd64"), ("aarch64", "arm64"), ("armv7l", "arm32"), ("i686", "x86"), ("ppc64le", "ppc64"),
        ("s390x", "s390x"), ("riscv64", "riscv64"),
    ])
    func architecturesHaveTheConventionsNames(machine: String, name: String) {
        #expect(Telemetry.HostDetector.architecture(machine) == name)
    }

    @Test(arguments: [
        (#"A="b c""#, "b c"), ("A='b\\c'", "b\\c"), (#"A="b\"c\\d\$""#, #"b"c\d$"#), ("A=b", "b"), ("A=", ""),
        (#"A=""#, "\""), (#"A="""#, ""),
    ])
    func quotesAndEscapesAreTakenAway(line: String, value: String) {
        #expect(Telemetry.HostDetector.release(line)["A"] == value)
    }
}

@Suite struct ProcessDetectorTests {
    private static func resource(includesArguments: Bool = false) -> Telemetry.Resource {
        var system = SystemReader(files: [
            "/proc/self/stat": "4711 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 6234500 20",
            "/proc/stat": "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n",
            "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nweb:x:33:33::/srv:/bin/false\n",
        ])
        system.processID = 4711
        system.userID = 33
        system.executable = "/srv/bin/serve"
        system.arguments = ["./serve", "--api-token=abc", "--port=80"]
        var detector = Telemetry.ProcessDetector(system: system)
        detector.includesArguments = includesArguments
        return detector.detect()
    }

    @Test func theProcessIsToldWithoutItsArguments() {
        let resource = Self.resource()
        #expect(resource["process.pid"] == .int(4711))
        #expect(resource["process.creation.time"] == .string("2023-11-15T15:32:25.000Z"))
        #expect(resource["process.owner"] == .string("web"))
        #expect(resource["process.command"] == .string("./serve"))
        #expect(resource["process.executable.path"] == .string("/srv/bin/serve"))
        #expect(resource["process.executable.name"] == .string("serve"))
        #expect(resource["process.runtime.name"] == .string("swift"))
        #expect(resource["process.command_args"] == nil && resource["process.args_count"] == nil)
        #expect(resource.schemaURL == Telemetry.schemaURL)
    }

    @Test func argumentsThatAreAskedForComeWithoutSecrets() {
        let resource = Self.resource(includesArguments: true)
        #expect(
            resource["process.command_args"]
                == .array([.string("./serve"), .string("--api-token=REDACTED"), .string("--port=80")]))
        #expect(resource["process.args_count"] == .int(3))
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, nil), (-1, nil),
        ] as [(Int64, String?)])
    func timesAreWrittenAsDates(milliseconds: Int64, text: String?) {
        #expect(Timestamp.text(milliseconds: milliseconds) == text)
    }

    @Test(arguments: ["", ")", "1 (x) S", "1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x 20"])
    func whatCannotBeReadIsNotTold(stat: String) {
        #expect(Telemetry.ProcessDetector.startTicks(stat) == nil)
    }
}

@Suite struct ContainerDetectorTests {
    private static let id = "3f2a5b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a"

    @Test(arguments: [
        "12:cpu,cpuacct:/docker/\(id)\n11:pids:/docker/\(id)", "1:name=systemd:/kubepods/besteffort/pod12-34/\(id)",
        "0::/system.slice/docker-\(id).scope",
        "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-\(id).scope", "0::/machine.slice/libpod-\(id).scope",
        "5:memory:/kubepods-pod7.slice:cri-containerd:\(id)", "3:cpu:/\n2:devices:/lxc/x\n1:pids:/crio-\(id).scope",
    ])
    func theIdIsInTheNameOfTheGroup(groups: String) {
        let system = SystemReader(files: ["/proc/self/cgroup": groups])
        #expect(Telemetry.ContainerDetector(system: system).detect()["container.id"] == .string(Self.id))
    }

    @Test(arguments: [
        "678 655 254:1 /var/lib/docker/containers/\(id)/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw",
        "983 961 0:56 /containers/overlay-containers/\(id)/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw",
    ])
    func withVersionTwoTheIdIsInAMount(mount: String) {
        let files = [
            "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": "1 2 0:1 / / rw - overlay overlay rw\n\(mount)",
        ]
        let system = SystemReader(files: files)
        #expect(Telemetry.ContainerDetector(system: system).detect()["container.id"] == .string(Self.id))
    }

    @Test(arguments: [
        "", "0::/", "0::/user.slice/user-1000.slice/session-2.scope", "1:cpu:/docker/\(id.dropLast())",
        "1:cpu:/docker/\(id.uppercased())", "nonsense", ":::",
    ])
    func elsewhereThereIsNoId(groups: String) {
        let sandbox = "7 6 0:5 /io.containerd.grpc.v1.cri/sandboxes/\(Self.id)/hostname /etc/hostname rw - ext4 x rw"
        let system = SystemReader(files: ["/proc/self/cgroup": groups, "/proc/self/mountinfo": sandbox])
        #expect(Telemetry.ContainerDetector(system: system).detect() == Telemetry.Resource())
    }
}

@Suite struct DetectorsTests {
    @Test func thisMachineIsDetectedWithOneSchema() {
        let resource = [any Telemetry.ResourceDetector].standard.detect()
        #expect(resource["process.pid"] != nil && resource["host.name"] != nil && resource["os.type"] != nil)
        #expect(resource.schemaURL == Telemetry.schemaURL)
        #expect(Set(resource.attributes.map(\.key)).count == resource.attributes.count)
    }

    @Test(.timeLimit(.minutes(1)))
    func whateverFilesHoldNothingTraps() {
        let random = SeededRandom(seed: 4)
        let alphabet = Array("\n :/=\"'\\()-.#0123456789abcdefxyz\u{0}é")
        for _ in 0..<2_000 {
            let text = String(
                (0..<Int(random.next() % 300)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] })
            let paths = [
                "/proc/self/stat", "/proc/stat", "/etc/passwd", "/etc/os-release", "/etc/machine-id",
                "/proc/self/cgroup",
                "/proc/self/mountinfo",
            ]
            let system = SystemReader(files: Dictionary(uniqueKeysWithValues: paths.map { ($0, text) }))
            _ = Telemetry.HostDetector(system: system).detect()
            _ = Telemetry.ProcessDetector(system: system).detect()
            #expect(Telemetry.ContainerDetector(system: system).detect()["container.id"] == nil)
        }
    }
}
