import Dispatch
import Foundation

/// Runs tests in a process whose look-ups of names that begin with `slow` take 3 s and fail: there, the C library's
/// look-up is replaced.
package enum SlowNames {
    private static let variable = "CONTRAIL_TEST_SLOW_NAMES"

    /// True in such a process.
    package static let areReplaced = ProcessInfo.processInfo.environment[variable] != nil

    private static let replacement = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <netdb.h>
        #include <string.h>
        #include <unistd.h>
        int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
            if (name != NULL && strncmp(name, "slow", 4) == 0) {
                sleep(3);
                return EAI_NONAME;
            }
            int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;
            *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
            return next(name, service, hints, result);
        }
        """

    /// Runs the tests of this test program that match `filter`. A preloaded library and AddressSanitizer do not go
    /// together.
    package static func run(filter: String) async throws -> ProgramRun.Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "contrail-names-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (source, library) = (folder.appending(path: "names.c").path, folder.appending(path: "names.so").path)
        try replacement.write(toFile: source, atomically: true, encoding: .utf8)
        let compile = "gcc -shared -fPIC -o '\(library)' '\(source)' -ldl"
        let status = await withCheckedContinuation { done in
            // SAFETY: the string is the call's own.
            DispatchQueue.global().async { done.resume(returning: unsafe system(compile)) }
        }
        guard status == 0 else { throw SocketFailure(call: compile, number: status) }
        let name = CommandLine.arguments[0].split(separator: "/").last.map(String.init) ?? ""
        let run = try ProgramRun(
            name, ["--testing-library", "swift-testing", "--filter", filter],
            environment: ["LD_PRELOAD": library, variable: "1"])
        return await run.result()
    }
}
