extension Telemetry {
    /// The process: `process.pid`, `process.creation.time`, `process.owner`, `process.command`,
    /// `process.executable.name`, `process.executable.path`, `process.runtime.name`, `.version`, `.description`
    /// (semantic conventions, "Process").
    ///
    /// Arguments may hold secrets, and stay out unless asked for.
    public struct ProcessDetector: ResourceDetector {
        /// `process`.
        public let name = "process"
        /// Whether `process.command_args` and `process.args_count` are told. Default false. What follows the `=` of an
        /// option whose name speaks of a secret (`--api-token=…`) is replaced by `REDACTED` even then; an argument by
        /// itself is not known to be one.
        public var includesArguments = false
        private let system: SystemReader

        /// Looks at this process.
        public init(includesArguments: Bool = false) {
            self.init(system: .current())
            self.includesArguments = includesArguments
        }

        package init(system: SystemReader) { self.system = system }

        /// Reads three small files.
        public func detect() -> Resource {
            let arguments = includesArguments ? system.arguments.map(Self.redacted) : []
            let executable = system.executable ?? system.arguments.first
            return .found([
                ("process.pid", system.processID > 0 ? .int(system.processID) : nil),
                ("process.creation.time", .text(creationTime)), ("process.owner", .text(owner)),
                ("process.command", .text(system.arguments.first)),
                ("process.command_args", arguments.isEmpty ? nil : .array(arguments.map { .string($0) })),
                ("process.args_count", arguments.isEmpty ? nil : .int(Int64(arguments.count))),
                ("process.executable.path", .text(system.executable)),
                ("process.executable.name", .text(executable?.split(separator: "/").last)),
                ("process.runtime.name", .string("swift")), ("process.runtime.version", .string(Self.runtimeVersion)),
                ("process.runtime.description", .string("Swift \(Self.runtimeVersion)")),
            ])
        }

        /// The runtime does not tell its version; it is at least that of the compiler.
        private static var runtimeVersion: String {
            #if compiler(>=6.4)
                "6.4"
            #elseif compiler(>=6.3)
                "6.3"
            #else
                "6.2"
            #endif
        }

        /// ISO 8601 with milliseconds.
        private var creationTime: String? {
            guard let ticks = Self.startTicks(system.read("/proc/self/stat") ?? ""),
                let boot = Self.bootSeconds(system.read("/proc/stat") ?? "")
            else { return nil }
            // Linux counts in hundredths of a second wherever user space looks (man 5 proc, USER_HZ).
            let milliseconds = boot.multipliedReportingOverflow(by: 1000)
            guard !milliseconds.overflow, ticks < 1 << 50 else { return nil }
            return Timestamp.text(milliseconds: milliseconds.partialValue &+ ticks * 10)
        }

        private var owner: String? { Self.userName(system.userID, passwords: system.read("/etc/passwd") ?? "") }

        /// Field 22 of /proc/self/stat. The second field is the program's name in brackets, and may hold anything.
        static func startTicks(_ stat: String) -> Int64? {
            guard let end = stat.lastIndex(of: ")") else { return nil }
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            return fields.count > 19 ? Int64(fields[19]) : nil
        }

        /// The `btime` line of /proc/stat.
        static func bootSeconds(_ stat: String) -> Int64? {
            for line in stat.split(whereSeparator: \.isNewline) where line.hasPrefix("btime ") {
                return Int64(line.dropFirst(6))
            }
            return nil
        }

        /// The name of a user in the password file.
        static func userName(_ id: UInt32, passwords: String) -> String? {
            for line in passwords.split(whereSeparator: \.isNewline) {
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                if fields.count > 2, UInt32(fields[2]) == id { return String(fields[0]) }
            }
            return nil
        }

        /// `--name=value` without the value if the name speaks of a secret.
        static func redacted(_ argument: String) -> String {
            guard let equals = argument.firstIndex(of: "=") else { return argument }
            let option = argument[..<equals].lowercased()
            let secrets = ["token", "secret", "password", "passwd", "key", "auth", "credential", "cookie"]
            guard secrets.contains(where: option.contains) else { return argument }
            return argument[...equals] + "REDACTED"
        }
    }
}
