// SPDX-License-Identifier: Apache-2.0
// Models in files: what is loaded predicts the same bits; what is no model is an error that says so.
#include <xrayon/ml/saved_model.hpp>

#include "../support/catch.hpp"
#include "../support/fixture_root.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <xrayon/io/checksum.hpp>
#include <xrayon/ml/ensemble/bagging.hpp>
#include <xrayon/ml/ensemble/stacking.hpp>
#include <xrayon/ml/models/gaussian_naive_bayes.hpp>
#include <xrayon/ml/models/k_nearest_neighbors.hpp>
#include <xrayon/ml/models/linear_discriminant_analysis.hpp>
#include <xrayon/ml/models/multilayer_perceptron.hpp>
#include <xrayon/ml/models/multilayer_perceptron_classifier.hpp>
#include <xrayon/ml/models/nearest_centroid.hpp>
#include <xrayon/ml/models/ordinary_least_squares.hpp>
#include <xrayon/ml/models/ridge.hpp>
#include <xrayon/ml/models/ridge_classifier.hpp>
#include <xrayon/ml/pipeline.hpp>
#include <xrayon/ml/preprocess/category_encoder.hpp>
#include <xrayon/ml/preprocess/label_encoder.hpp>
#include <xrayon/ml/preprocess/max_abs_scaler.hpp>
#include <xrayon/ml/preprocess/min_max_scaler.hpp>
#include <xrayon/ml/preprocess/normalizer.hpp>
#include <xrayon/ml/preprocess/robust_scaler.hpp>
#include <xrayon/ml/preprocess/standard_scaler.hpp>

#include "data_sets.hpp"

using namespace xrayon;
using namespace xrayon::ml;

namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void put(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

template <class A, class B>
bool same_bits(const A& a, const B& b) {
    using value = std::remove_cvref_t<decltype(*a.begin())>;
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(value)) == 0;
}

/// Saves a model, loads it, saves what was loaded: the same answers, the same file.
template <class M, class Ask>
void keeps(const M& model, const Ask& ask) {
    const test::fixture_root folder;
    save(folder.path() + "/model", model);
    const M loaded = load<M>(folder.path() + "/model");
    REQUIRE(same_bits(ask(model), ask(loaded)));
    save(folder.path() + "/again", loaded);
    REQUIRE(bytes_of(folder.path() + "/again") == bytes_of(folder.path() + "/model"));
}

} // namespace

TEST_CASE("saved models: each predicts the same bits when it is loaded", "[ml][saved]") {
    const auto& data = data_sets::load("iris");
    const auto predicts = [&](const auto& m) { return m.predict(data.x); };
    const auto chances = [&](const auto& m) { return m.predict_proba(data.x); };
    std::vector<double> numbers;
    for (std::size_t i = 0; i < data.y.size(); ++i) {
        numbers.push_back(data.x(i, 2) * 0.3 + data.x(i, 0) / 7);
    }
    keeps(ridge({.alpha = 0.3}).fit(data.x, numbers), predicts);
    keeps(ridge({.alpha = 0.3, .intercept = false}).fit(data.x, numbers), predicts);
    keeps(ordinary_least_squares().fit(data.x, numbers), predicts);
    keeps(ridge_classifier().fit(data.x, data.y), [&](const auto& m) { return m.decision_function(data.x); });
    keeps(linear_discriminant_analysis().fit(data.x, data.y), chances);
    keeps(linear_discriminant_analysis({.priors = {0.2, 0.3, 0.5}}).fit(data.x, data.y), chances);
    keeps(gaussian_naive_bayes().fit(data.x, data.y), chances);
    keeps(nearest_centroid().fit(data.x, data.y), predicts);
    keeps(k_nearest_neighbors({.k = 7}).fit(data.x, data.y), chances);
    keeps(multilayer_perceptron({.layers = {4, 5, 3}, .activation = activation_function::tanh, .dropout = {0.25}, .seed = 3}),
          [&](const auto& m) { return m.forward(data.x); });
    keeps(multilayer_perceptron_classifier({.hidden = {5}, .epochs = 2}).fit(data.x, data.y), chances);
    const xt::xtensor<float, 2> narrow = xt::cast<float>(data.x);
    keeps(ridge<float>().fit(narrow, numbers), [&](const auto& m) { return m.predict(narrow); });
    keeps(gaussian_naive_bayes<float>().fit(narrow, data.y), [&](const auto& m) { return m.predict_proba(narrow); });
}

TEST_CASE("saved models: scalers, encoders, pipelines and ensembles", "[ml][saved]") {
    const auto& data = data_sets::load("iris");
    auto spoiled = data.x;
    spoiled(3, 1) = std::numeric_limits<double>::quiet_NaN();
    const auto transforms = [&](const auto& m) { return m.transform(data.x); };
    keeps(standard_scaler({.ddof = 1, .nan = nan_policy::omit}).fit(spoiled), transforms);
    keeps(min_max_scaler({.feature_range = {-1, 2}, .clip = true}).fit(data.x), transforms);
    keeps(max_abs_scaler().fit(data.x), transforms);
    keeps(robust_scaler({.quantile_range = {0.1, 0.8}}).fit(data.x), transforms);
    keeps(normalizer({.norm = row_norm::l1}), transforms);
    keeps(one_hot_encoder({.drop_first = true}).fit(data.x), transforms);
    keeps(ordinal_encoder().fit(data.x), transforms);
    const std::vector<std::string> words{"", "b", "a", "Zo\xc3\xab", std::string("\0x", 2)};
    keeps(label_encoder<std::string>().fit(words), [&](const auto& m) { return m.transform(words); });
    keeps(label_encoder<int>().fit(data.y), [&](const auto& m) { return m.transform(data.y); });
    keeps((standard_scaler() | max_abs_scaler()).fit(data.x), transforms);
    const auto chances = [&](const auto& m) { return m.predict_proba(data.x); };
    const auto predicts = [&](const auto& m) { return m.predict(data.x); };
    auto line = standard_scaler() | min_max_scaler() | gaussian_naive_bayes();
    keeps(line.fit(data.x, data.y), chances);
    auto several = bagging(ridge_classifier(), {.estimators = 4, .max_features = 0.5});
    keeps(several.fit(data.x, data.y), predicts);
    auto stacked = stacking({.folds = 3}, ridge_classifier(), gaussian_naive_bayes(), nearest_centroid());
    keeps(stacked.fit(data.x, data.y), predicts);
    keeps(bagging(stacked, {.estimators = 2}).fit(data.x, data.y), predicts);

    // Statistics are kept, not only what follows from them: more rows can come.
    const test::fixture_root folder;
    standard_scaler half;
    half.fit(view_of(data.x).slice(0, 70));
    save(folder.path() + "/half", half);
    auto whole = load<standard_scaler>(folder.path() + "/half");
    whole.partial_fit(view_of(data.x).slice(70, 150));
    half.partial_fit(view_of(data.x).slice(70, 150));
    REQUIRE(same_bits(whole.transform(data.x), half.transform(data.x)));
}

TEST_CASE("saved models: what is no such model says what it is", "[ml][saved][errors]") {
    const auto& data = data_sets::load("iris");
    const test::fixture_root folder;
    const std::string path = folder.path() + "/model";
    REQUIRE_THROWS_WITH(save(path, ridge()), "ridge.save: call fit first");
    REQUIRE_THROWS_AS(load<nearest_centroid<>>(path), io_error);  // nothing was written
    const nearest_centroid model = nearest_centroid().fit(data.x, data.y);
    save(path, model);
    REQUIRE_THROWS_WITH(load<ridge<>>(path), "load: " + path + " is a nearest_centroid<double> and not a ridge<double>");
    REQUIRE_THROWS_WITH(load<nearest_centroid<float>>(path),
                        "load: " + path + " is a nearest_centroid<double> and not a nearest_centroid<float>");

    const std::string good = bytes_of(path);
    // Every cut and every flipped bit.
    for (std::size_t size = 0; size < good.size(); ++size) {
        put(path, good.substr(0, size));
        REQUIRE_THROWS_AS(load<nearest_centroid<>>(path), data_error);
    }
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string flipped = good;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        put(path, flipped);
        REQUIRE_THROWS_AS(load<nearest_centroid<>>(path), data_error);
    }
    put(path, good + "x");
    REQUIRE_THROWS_WITH(load<nearest_centroid<>>(path), "load: " + path + " is damaged (checksum)");
    put(path, "xrayon-model 9 00000000 0\n");
    REQUIRE_THROWS_WITH(load<nearest_centroid<>>(path), "load: " + path + " has format 9, this library knows 1");
    for (const std::string& foreign : {std::string(), std::string("\n"), std::string("\x89PNG\r\n\x1a\n"), std::string(100000, 'x'),
                                       std::string("xrayon-model"), std::string("xrayon-model \n")}) {
        put(path, foreign);
        REQUIRE_THROWS_AS(load<nearest_centroid<>>(path), data_error);
    }
    REQUIRE_THROWS_AS(load<nearest_centroid<>>(folder.path() + "/"), io_error);  // a folder
    REQUIRE_THROWS_AS(load<nearest_centroid<>>("/dev/null"), io_error);
}

TEST_CASE("saved models: a right checksum over a manifest that makes no sense", "[ml][saved][errors]") {
    const auto& data = data_sets::load("iris");
    const test::fixture_root folder;
    const std::string path = folder.path() + "/model";
    const auto forged = [&](const std::string& rest) {
        char head[80];
        std::snprintf(head, sizeof head, "xrayon-model 1 %08x %zu\n", crc32(rest), rest.size());
        put(path, head + rest);
    };
    const auto why = [&](const std::string& rest) -> std::string {
        forged(rest);
        try {
            (void)load<gaussian_naive_bayes<>>(path);
        } catch (const data_error& e) {
            return std::string(e.what()).substr(("load: " + path + " ").size());
        }
        return "no error";
    };
    const std::string start = "type gaussian_naive_bayes<double>\n";
    CHECK(why("") == "has no end of its manifest");
    CHECK(why("end\n") == "has no \"type\"");
    CHECK(why("type\nend\n") == "has a line without a name and a value");
    CHECK(why(start + start + "end\n") == "has \"type\" twice");
    CHECK(why(start + "end\nrest") == "has more than its arrays");
    CHECK(why(start + "priors array 18446744073709551615\nend\n") == "has less than its arrays");
    CHECK(why(start + "priors array 1000\nend\n") == "has less than its arrays");
    CHECK(why(start + "priors array many\nend\n") == "has an array without a size");
    CHECK(why(start + "var_smoothing high\nend\n") == "\"var_smoothing\" is no number that fits");
    CHECK(why(start + "var_smoothing 1\nend\n") == "has no array \"priors\"");

    // Whole, but for one fact.
    save(path, gaussian_naive_bayes().fit(data.x, data.y));
    const std::string good = bytes_of(path).substr(bytes_of(path).find('\n') + 1);
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string changed = good;
        REQUIRE(changed.find(from) != std::string::npos);
        return why(changed.replace(changed.find(from), from.size(), to));
    };
    CHECK(with("spread_kind 1\n", "spread_kind 1\nmore array x\n") == "has an array without a size");
    CHECK(with("features 4", "features 5") == "array \"means\" has shape (3, 4)");
    CHECK(with("features 4", "features -4") == "\"features\" is no number that fits");
    CHECK(with("features 4", "features 18446744073709551615") == "array \"means\" has shape (3, 4)");
    CHECK(with("spread_kind 1", "spread_kind 7") == "\"spread_kind\" is out of range");
    CHECK(with("spread_kind 1", "spread_kind 0") == "has sums of another size than its classes and columns");
    CHECK(with("var_smoothing 1e-09", "var_smoothing -1")
          == "does not make sense: gaussian_naive_bayes: options.var_smoothing must be finite and >= 0, got -1");
}

TEST_CASE("saved models: a type of one's own says what it cannot write", "[ml][saved][errors]") {
    model_writer out;
    out.text("type", "mine");
    REQUIRE_THROWS_AS(out.text("type", "again"), argument_error);
    REQUIRE_THROWS_AS(out.text("", "x"), argument_error);
    REQUIRE_THROWS_AS(out.text("two words", "x"), argument_error);
    REQUIRE_THROWS_AS(out.text("note", "array of x"), argument_error);
    REQUIRE_THROWS_AS(out.text("lines", "a\nb"), argument_error);
    out.text("note", "");
    const model_reader in(out.bytes(), "here");
    REQUIRE(in.text("note").empty());
    REQUIRE_THROWS_WITH(in.part("inner", [](const model_reader& r) { return r.text("type"); }), "load: here has no \"inner.type\"");
    REQUIRE(in.text("type") == "mine");  // a part that failed leaves the reader where it was
}
