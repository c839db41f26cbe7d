// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files instead of under a fuzzer, so that every compiler and every build can: `fuzz.npy FILE_OR_FOLDER...`.
// It says each name before it runs it; the last one is the one that ended the program.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    for (int argument = 1; argument < argc; ++argument) {
        if (!fs::exists(argv[argument])) {
            std::fprintf(stderr, "%s: no such file or folder\n", argv[argument]);
            return 1;
        }
        if (!fs::is_directory(argv[argument])) {
            files.emplace_back(argv[argument]);
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(argv[argument])) {
            if (entry.is_regular_file()) {
                files.push_back(entry.path());
            }
        }
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (!in) {
            std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
            return 1;
        }
        std::printf("%s, %zu bytes\n", file.c_str(), bytes.size());
        std::fflush(stdout);
        // A copy of exactly this size: a string has a byte behind its end, which an overrun would read unseen.
        const auto data = std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), data.get());
        LLVMFuzzerTestOneInput(data.get(), bytes.size());
    }
    std::printf("%zu inputs\n", files.size());
    return files.empty() ? 1 : 0;
}
