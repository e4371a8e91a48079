extension Telemetry {
    /// The host and its operating system: `host.name`, `host.id`, `host.arch`, `os.type`, `os.name`, `os.version`,
    /// `os.description`, `os.build_id` (semantic conventions, "Host", "Operating System").
    ///
    /// The id is that of `/etc/machine-id`, or else of D-Bus; nothing that needs privileges is read.
    public struct HostDetector: ResourceDetector {
        /// `host`.
        public let name = "host"
        private let system: SystemReader

        /// Looks at this machine.
        public init() { self.init(system: .current()) }

        package init(system: SystemReader) { self.system = system }

        /// Reads three small files.
        public func detect() -> Resource {
            let release = Self.release(system.read("/etc/os-release") ?? system.read("/usr/lib/os-release") ?? "")
            let kernel = [system.name.system, system.name.release, system.name.version].filter { !$0.isEmpty }
            return .found([
                ("host.name", .text(system.name.node)), ("host.id", .text(machineID)),
                ("host.arch", .text(Self.architecture(system.name.machine))),
                ("os.type", .text(system.name.system.lowercased())), ("os.name", .text(release["NAME"])),
                ("os.version", .text(release["VERSION_ID"] ?? system.name.release)),
                ("os.description", .text(release["PRETTY_NAME"] ?? kernel.joined(separator: " "))),
                ("os.build_id", .text(release["BUILD_ID"])),
            ])
        }

        private var machineID: String? {
            for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
                let id = system.read(path)?.filter { !$0.isWhitespace } ?? ""
                // A machine that was never booted says "uninitialized" (machine-id(5)).
                if id.utf8.count == 32, id.allSatisfy(\.isHexDigit) { return id }
            }
            return nil
        }

        /// The convention's names; an architecture that it does not know stays as it is.
        static func architecture(_ machine: String) -> String {
            switch machine {
            case "x86_64", "amd64": "amd64"
            case "aarch64", "arm64": "arm64"
            case _ where machine.hasPrefix("armv"), "arm": "arm32"
            case "i386", "i486", "i586", "i686": "x86"
            case "ppc": "ppc32"
            case "ppc64", "ppc64le": "ppc64"
            case "ia64", "s390x": machine
            default: machine
            }
        }

        /// The assignments of an os-release file (os-release(5)): quotes and their escapes are taken away.
        static func release(_ text: String) -> [String: String] {
            var values: [String: String] = [:]
            for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
                guard let equals = line.firstIndex(of: "=") else { continue }
                values[String(line[..<equals])] = unquoted(line[line.index(after: equals)...])
            }
            return values
        }

        private static func unquoted(_ text: Substring) -> String {
            guard let quote = text.first, quote == "\"" || quote == "'", text.count >= 2, text.last == quote else {
                return String(text)
            }
            var result = ""
            var isEscaped = false
            for character in text.dropFirst().dropLast() {
                if character == "\\", quote == "\"", !isEscaped {
                    isEscaped = true
                } else {
                    result.append(character)
                    isEscaped = false
                }
            }
            return result
        }
    }
}
