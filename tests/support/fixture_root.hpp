// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_TESTS_SUPPORT_FIXTURE_ROOT_HPP
#define XRAYON_TESTS_SUPPORT_FIXTURE_ROOT_HPP

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace xrayon::test {

/// A folder that stands in for "/" and is gone afterwards.
class fixture_root {
public:
    fixture_root() {
        std::string name = (std::filesystem::temp_directory_path() / "xrayon-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        path_ = name;
    }
    ~fixture_root() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    fixture_root(const fixture_root&) = delete;
    fixture_root& operator=(const fixture_root&) = delete;

    fixture_root& file(const std::string& name, const std::string& text) {
        const auto path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
        return *this;
    }
    fixture_root& folder(const std::string& name) {
        std::filesystem::create_directories(path_ / name);
        return *this;
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

} // namespace xrayon::test

#endif // XRAYON_TESTS_SUPPORT_FIXTURE_ROOT_HPP
